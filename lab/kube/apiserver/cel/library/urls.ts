// URLs in expressions, read as Go reads them.
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import { mapOfEntries } from '../maps.ts';
import type { Value } from '../values.ts';
import { CelError, CelList, OpaqueValue } from '../values.ts';
import { traversal } from './costs.ts';

const one = (): number => 1;

interface Parts {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

class Url extends OpaqueValue {
  readonly typeName = 'kubernetes.URL';
  readonly parts: Parts;
  readonly text: string;
  constructor(text: string, parts: Parts) {
    super();
    this.text = text;
    this.parts = parts;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof Url && other.text === this.text;
  }
}

/** The parts of an absolute URL or path; a string that says why it is none. */
function parse(text: string): Parts | string {
  const refused = (why: string): string => `parse ${JSON.stringify(text)}: ${why}`;
  if (text === '') return refused('empty url');
  if (Array.from(text).some((character) => character < ' ' || character === '\u007f'))
    return refused('net/url: invalid control character in URL');
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1] ?? '';
  if (text.startsWith(':')) return refused('missing protocol scheme');
  const rest = scheme === '' ? text : text.slice(scheme.length + 1);
  if (!rest.startsWith('/') && scheme === '') return refused('invalid URI for request');
  const [beforeFragment = ''] = rest.split('#', 1);
  const question = beforeFragment.indexOf('?');
  const query = question < 0 ? '' : beforeFragment.slice(question + 1);
  const hierarchy = question < 0 ? beforeFragment : beforeFragment.slice(0, question);
  if (!hierarchy.startsWith('/')) return { scheme: scheme.toLowerCase(), host: '', path: '', query };
  const authority = hierarchy.startsWith('//') && scheme !== '' ? /^\/\/([^/]*)/.exec(hierarchy)?.[1] : undefined;
  const path = authority === undefined ? hierarchy : hierarchy.slice(authority.length + 2);
  const host = (authority ?? '').replace(/^.*@/, '');
  const port = /^(?:\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(host);
  if (port === null)
    return refused(host.includes('[') ? "missing ']' in host" : `invalid port ":${host.split(':').at(-1)}" after host`);
  if (port[1] !== undefined && !/^\d*$/.test(port[1])) return refused(`invalid port ":${port[1]}" after host`);
  if (/[ "<>\\^`{|}]/.test(host))
    return refused(`invalid character ${JSON.stringify(/[ "<>\\^`{|}]/.exec(host)?.[0])} in host name`);
  const escape = /%(?![0-9a-fA-F]{2})(.{0,2})/.exec(path);
  if (escape !== null) return refused(`invalid URL escape ${JSON.stringify(escape[0])}`);
  return { scheme: scheme.toLowerCase(), host, path, query };
}

function url(text: Value): Url {
  const parts = parse(text as string);
  if (typeof parts === 'string') throw new CelError(`URL parse error during conversion from string: ${parts}`);
  return new Url(text as string, parts);
}

const partsOf = (value: Value): Parts => (value as Url).parts;
const hostname = ({ host }: Parts): string => /^\[([^\]]*)\]/.exec(host)?.[1] ?? host.replace(/:\d*$/, '');
const port = ({ host }: Parts): string => /:(\d*)$/.exec(host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';
/** What may not stand in a path is escaped; what is escaped stays so. */
const escapedPath = (path: string): string =>
  path.replaceAll(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]/gu, (character) => encodeURIComponent(character));

function query({ query: text }: Parts): Value {
  const values = new Map<string, Value[]>();
  for (const [name, value] of new URLSearchParams(text)) values.set(name, [...(values.get(name) ?? []), value]);
  return mapOfEntries([...values].map(([name, list]) => [name, new CelList(list)] as const));
}

export const urls: readonly Overload[] = [
  declare('url(string) URL', url, traversal()),
  declare('isURL(string) bool', (text) => typeof parse(text as string) !== 'string'),
  declare('URL.getScheme() string', (value) => partsOf(value).scheme, one),
  declare('URL.getHost() string', (value) => partsOf(value).host, one),
  declare('URL.getHostname() string', (value) => hostname(partsOf(value)), one),
  declare('URL.getPort() string', (value) => port(partsOf(value)), one),
  declare('URL.getEscapedPath() string', (value) => escapedPath(partsOf(value).path), one),
  declare('URL.getQuery() map(string, list(string))', (value) => query(partsOf(value)), one),
];
