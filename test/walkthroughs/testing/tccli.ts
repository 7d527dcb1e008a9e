// What stands in for tccli in the typed walk-throughs: the documents' lines, unfolded as tccli does, against the lab's cloud.
import { z } from 'zod';
import { createCloudClient } from '../../../lab/cloud-client.ts';

/** Members of the documents' lines that are lists though no number follows them. */
const LISTS = new Set(['ClusterIds', 'Values']);

const environment = z.object({
  LAB_CLOUD_ENDPOINT: z.string(),
  TENCENTCLOUD_SECRET_ID: z.string(),
  TENCENTCLOUD_SECRET_KEY: z.string(),
  TENCENTCLOUD_REGION: z.string(),
});

type Tree = { [key: string]: Tree | string | string[] };

/** `--A.0.B value` becomes `{ A: [{ B: value }] }`. */
function unfold(options: ReadonlyMap<string, string>): unknown {
  const root: Tree = {};
  for (const [name, value] of options) {
    const steps = name.split('.');
    const last = steps.pop() ?? '';
    let at = root;
    for (const step of steps) {
      const next = at[step];
      at = typeof next === 'object' && !Array.isArray(next) ? next : (at[step] = {});
    }
    at[last] = LISTS.has(last) ? [value] : value;
  }
  return listed(root);
}

function listed(value: Tree | string | string[]): unknown {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, listed(inner)] as const);
  return entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key))
    ? entries.map(([, inner]) => inner)
    : Object.fromEntries(entries);
}

/** The part of JMESPath that the documents use: members and numbers. */
function pick(value: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter(Boolean)
    .reduce<unknown>(
      (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
      value,
    );
}

async function main([service = '', action = '', ...words]: readonly string[]): Promise<void> {
  const options = new Map<string, string>();
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--cli-unfold-argument') continue;
    if (!word.startsWith('--')) throw new Error(`unexpected word "${word}"`);
    options.set(word.slice(2), words[(index += 1)] ?? '');
  }
  const filter = options.get('filter');
  options.delete('filter');
  const env = environment.parse(process.env);
  const cloud = createCloudClient({
    endpoint: env.LAB_CLOUD_ENDPOINT,
    secretId: env.TENCENTCLOUD_SECRET_ID,
    secretKey: env.TENCENTCLOUD_SECRET_KEY,
    region: env.TENCENTCLOUD_REGION,
  });
  try {
    const answer = await cloud.call(
      z.enum(['vpc', 'tke', 'cam', 'cvm']).parse(service),
      action,
      unfold(options) as object,
    );
    process.stdout.write(`${JSON.stringify(filter === undefined ? answer : pick(answer, filter), null, 4)}\n`);
  } finally {
    cloud.close();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`tccli: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 255;
}
