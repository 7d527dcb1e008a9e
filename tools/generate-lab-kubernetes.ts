// Writes the lists of docs/lab-kubernetes.md (what is served, what is not, what real servers judged) from the server's own tables; with --check it changes nothing and fails when they are stale.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtInDefinitions } from '../lab/kube/apiserver/builtin/kinds.ts';
import { builtInTypes } from '../lab/kube/apiserver/builtin/schemas.ts';
import { reviewResources } from '../lab/kube/apiserver/http/reviews.ts';
import { unserved } from '../lab/kube/apiserver/http/unserved.ts';
import type { Unserved } from '../lab/kube/apiserver/http/unserved.ts';
import { parityCases } from '../test/parity/cases/index.ts';
import { summarize, summaryTable } from '../test/parity/summary.ts';
import verifiedRecord from '../test/parity/verified.json' with { type: 'json' };
import { verifiedSchema } from '../test/parity/verified.ts';

const DOCUMENT = join(import.meta.dirname, '..', 'docs', 'lab-kubernetes.md');

/** The sections between their marks, by the name in the marks. */
export function generatedSections(): ReadonlyMap<string, string> {
  return new Map([
    ['served', servedTable()],
    ['unserved', unservedLists()],
    ['parity', summaryTable(summarize(parityCases, verifiedSchema.parse(verifiedRecord)))],
  ]);
}

interface ServedResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly subresources: readonly string[];
}

function servedTable(): string {
  const reviews = reviewResources.map((review): ServedResource => ({ ...review, version: 'v1', subresources: [] }));
  const all: readonly ServedResource[] = [...builtInDefinitions(builtInTypes()), ...reviews];
  const byVersion = Map.groupBy(all, ({ group, version }) => (group === '' ? version : `${group}/${version}`));
  const lines = [...byVersion].map(([groupVersion, resources]) => {
    const shown = resources
      .toSorted((left, right) => (left.plural < right.plural ? -1 : 1))
      .map(({ plural, subresources }) =>
        subresources.length === 0 ? plural : `${plural} (${subresources.join(', ')})`,
      );
    return `| ${groupVersion} | ${shown.join(', ')} |`;
  });
  return ['| group and version | resources (subresources) |', '|---|---|', ...lines].join('\n');
}

const titles: Readonly<Record<Unserved['kind'], string>> = {
  resource: 'Resources',
  subresource: 'Subresources of served resources',
  path: 'Paths',
  form: 'Forms',
};

function unservedLists(): string {
  const found = Map.groupBy(unserved({ list: () => builtInDefinitions(builtInTypes()) }), ({ kind }) => kind);
  return [...found]
    .map(([kind, entries]) => {
      const lines = entries.map(({ what, instead }) => `- ${what}${instead === '' ? '' : `; instead: ${instead}`}`);
      return `${titles[kind]}:\n\n${lines.join('\n')}`;
    })
    .join('\n\n');
}

/** A document with its generated sections filled in. Throws when a section's marks are missing. */
export function withGenerated(document: string, sections: ReadonlyMap<string, string> = generatedSections()): string {
  let text = document;
  for (const [name, section] of sections) {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const from = text.indexOf(begin);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`the document has no marks ${begin} ... ${end}`);
    text = `${text.slice(0, from + begin.length)}\n${section}\n${text.slice(to)}`;
  }
  return text;
}

/** Do the document's sections say what the tables say? */
export async function isStale(path: string = DOCUMENT): Promise<boolean> {
  const text = await readFile(path, 'utf8');
  return withGenerated(text) !== text;
}

async function main(argv: readonly string[]): Promise<number> {
  const stray = argv.find((word) => word !== '--check');
  if (stray !== undefined) {
    process.stderr.write(`generate-lab-kubernetes: unknown argument "${stray}"; accepted: --check\n`);
    return 2;
  }
  if (argv.includes('--check')) {
    const stale = await isStale();
    if (stale) process.stderr.write('docs/lab-kubernetes.md is stale; run "node tools/generate-lab-kubernetes.ts"\n');
    return stale ? 1 : 0;
  }
  await writeFile(DOCUMENT, withGenerated(await readFile(DOCUMENT, 'utf8')));
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
