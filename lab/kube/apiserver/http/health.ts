// /healthz, /livez and /readyz: what is checked, and the text that tells.
import type { Reply } from './reply.ts';
import { textReply } from './reply.ts';

/** Everything is in this process: a server that answers has all of it. Named as on a real server, as far as it has a counterpart. */
const CHECKS = [
  'ping',
  'log',
  'etcd',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
];

const checksOf: Readonly<Record<string, readonly string[]>> = {
  healthz: CHECKS,
  livez: CHECKS,
  readyz: [...CHECKS, 'informer-sync', 'shutdown'],
};

/** The paths of all checks. */
export const healthPaths = (): readonly string[] =>
  Object.entries(checksOf).flatMap(([root, checks]) => [`/${root}`, ...checks.map((check) => `/${root}/${check}`)]);

/** The answer at a path; `undefined` when it is none of `healthPaths`. Understands `verbose` and `exclude`. */
export function healthReply(path: string, query: URLSearchParams): Reply | undefined {
  const [root = '', ...rest] = path.replace(/^\//, '').split('/');
  const checks = Object.hasOwn(checksOf, root) ? checksOf[root] : undefined;
  if (checks === undefined) return undefined;
  if (rest.length > 0) return checks.includes(rest.join('/')) ? textReply('ok') : undefined;
  if (!query.has('verbose')) return textReply('ok');
  const excluded = [...new Set(query.getAll('exclude'))];
  const lines = checks.map((check) => `[+]${check}${excluded.includes(check) ? ' excluded:' : ''} ok`);
  const unknown = excluded.filter((name) => !checks.includes(name)).sort();
  if (unknown.length > 0)
    lines.push(
      `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(',')}`,
    );
  return textReply(`${lines.join('\n')}\n${root} check passed\n`);
}
