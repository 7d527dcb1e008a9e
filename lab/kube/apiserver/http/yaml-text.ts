// YAML as Kubernetes reads and writes it: YAML 1.1 of one document, faults in the words of Go's YAML reader.
import type { Document, ScalarTag, CollectionTag, Tags } from 'yaml';
import { LineCounter, parseDocument, stringify } from 'yaml';

/** A text that is no YAML; the message is worded as a real server words it. */
export class YamlFault extends Error {}

/** Tags that YAML 1.1 knows and Go's reader leaves as text: 1:30 is no number and 2024-01-01 no date. */
const LEFT_AS_TEXT = /timestamp|time/i;

const withoutTimes = (tags: Tags): Tags =>
  tags.filter((tag) => {
    if (typeof tag === 'string') return !LEFT_AS_TEXT.test(tag);
    const { tag: name, format } = tag as ScalarTag & CollectionTag & { format?: string };
    return !LEFT_AS_TEXT.test(name) && format !== 'TIME';
  });

/** The value of the first document of a text; `null` for an empty one. A key that comes twice counts by its last value. Throws YamlFault. */
export function readYaml(text: string): unknown {
  const json = jsonIn(text);
  if (json !== undefined) return json;
  const lines = new LineCounter();
  const document: Document.Parsed = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    customTags: withoutTimes,
    lineCounter: lines,
    prettyErrors: false,
  });
  const fault = document.errors.find((error) => error.code !== 'MULTIPLE_DOCS');
  if (fault !== undefined) {
    const line = lines.linePos(fault.pos[0]).line;
    // Go counts lines from 0 here and leaves the first one out.
    throw new YamlFault(`yaml: ${line > 1 ? `line ${line}: ` : ''}${wording[fault.code] ?? fault.message}`);
  }
  try {
    return document.toJS() as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const anchor = /Unresolved alias \(the anchor must be set before the alias\): (.*)$/.exec(message)?.[1];
    throw new YamlFault(anchor === undefined ? `yaml: ${message}` : `yaml: unknown anchor '${anchor}' referenced`);
  }
}

/** Programs send JSON as YAML, which is read twenty times faster. Undefined for what is no JSON, or has escapes that YAML reads in its own way. */
function jsonIn(text: string): unknown {
  if (!text.startsWith('{') || /\\[/u]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What Go's reader says to the faults that people make. */
const wording: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
  TAB_AS_INDENT: 'found character that cannot start any token',
  BAD_INDENT: 'did not find expected key',
  MISSING_CHAR: 'found unexpected end of stream',
  UNEXPECTED_TOKEN: 'did not find expected node content',
  BAD_SCALAR_START: 'found character that cannot start any token',
};

/** A value as YAML in the layout of a real server: members sorted, lists not indented, no line broken. */
export function writeYaml(value: unknown): string {
  return stringify(value, {
    version: '1.1',
    lineWidth: 0,
    sortMapEntries: true,
    indentSeq: false,
    aliasDuplicateObjects: false,
  });
}
