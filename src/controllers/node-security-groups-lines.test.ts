// What spec 003 reads: its pipeline, character for character, over the whole log of a busy ipamd process, line by line against the cloud.
import { execFile, spawn } from 'node:child_process';
import { readFileSync, watch } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { KubeConnection } from '../kube/connection.ts';
import { first, nodeGroup, nodeGroupsWorld, type NodeGroupsWorld, second } from './testing/node-groups.ts';
import { isReady } from './testing/world.ts';

/** As the document prints it, after the `kubectl logs` that gives the log. */
const PIPELINE = `grep "Event" | grep "security groups from" | awk '{print $24}' | awk -F'[' '{print $2}' | awk -F']' '{print $1}'`;

/** An ipamd as its Pod runs it: stdout and stderr in one log, as a kubelet keeps them. */
async function startProcess(world: NodeGroupsWorld, folder: string, log: string, flags: readonly string[]) {
  const { connection, cloud } = world;
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify(await kubeconfigOf(connection)));
  await writeFile(join(folder, 'secretId'), cloud.secretId);
  await writeFile(join(folder, 'secretKey'), cloud.secretKey);
  const file = await open(log, 'a');
  const argv = [
    join(import.meta.dirname, '../main/ipamd.ts'),
    `--kubeconfig=${kubeconfig}`,
    `--cloud-endpoint=${cloud.endpoint}`,
    '--credential-source=static',
    `--credentials-dir=${folder}`,
    '--leader-elect=false',
    '--log-level=debug',
    '--health-address=127.0.0.1:0',
    '--metrics-address=127.0.0.1:0',
    ...flags,
  ];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', file.fd, file.fd] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await file.close();
  return {
    stop: async () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** JSON is YAML, too. */
async function kubeconfigOf({ server, caPem, auth }: KubeConnection): Promise<object> {
  const data = (pem: string): string => Buffer.from(pem).toString('base64');
  const { clientCertificate: pair } = auth;
  const user = {
    ...(auth.readToken === undefined ? {} : { token: await auth.readToken() }),
    ...(pair === undefined
      ? {}
      : { 'client-certificate-data': data(pair.certPem), 'client-key-data': data(pair.keyPem) }),
  };
  const cluster = { server, ...(caPem === undefined ? {} : { 'certificate-authority-data': data(caPem) }) };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'world',
    contexts: [{ name: 'world', context: { cluster: 'world', user: 'world' } }],
    clusters: [{ name: 'world', cluster }],
    users: [{ name: 'world', user }],
  };
}

const linesOf = (text: string): string[] =>
  text.split('\n').filter((line) => line.includes('Event') && line.includes('security groups from'));

/** Once the log has so many of them; more are for the test to find. */
async function untilLines(log: string, count: number): Promise<void> {
  const enough = Promise.withResolvers<void>();
  const look = (): void => {
    const { length } = linesOf(readFileSync(log, 'utf8'));
    if (length >= count) enough.resolve();
  };
  const watcher = watch(log, look);
  const limit = AbortSignal.timeout(12_000);
  limit.addEventListener('abort', () => enough.reject(new Error(`waited 12 s for ${count} lines in the log`)));
  look();
  await enough.promise.finally(() => watcher.close());
}

/** Every list that an ENI had in the cloud, in the order of time, as the calls and hands that changed it left it. */
function watchCloud(world: NodeGroupsWorld) {
  const history = new Map<string, string[]>();
  const look = (): void => {
    for (const name of world.nodeNames)
      for (const { eniId, groups } of world.bound(name)) {
        const known = history.get(eniId) ?? [];
        if (known.at(-1) !== groups.join()) known.push(groups.join());
        history.set(eniId, known);
      }
  };
  world.cloud.onRequest(look);
  return { history, look };
}

describe("spec 003's pipeline", () => {
  it('prints the groups bound in the cloud, one line per ENI at each start and one per change, and nothing else', async () => {
    await using world = await nodeGroupsWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8', 'SA5.LARGE8'] });
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-lines-'));
    await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
    const log = join(folder, 'log');
    const { history, look } = watchCloud(world);
    const all = async (groups: readonly string[]): Promise<void> => {
      for (const name of world.nodeNames) await world.untilBound(groups, 1, name);
    };
    const [one = '', two = '', three = ''] = world.nodeNames;

    const running = await startProcess(world, folder, log, [
      '--enable-security-groups',
      `--security-groups="${first},${second}"`,
    ]);
    await all([first, second]);
    await world.nodesReady();
    for (let index = 0; index < 6; index += 1)
      await world.createPod(`web-${index}`, { node: world.nodeNames[index % 3] ?? '', groups: second });
    await world.editNec([second, first], one);
    await world.editNec([nodeGroup], two);
    await world.annotate('yes', three);
    await world.untilBound([second, first], 1, one);
    await world.untilBound([nodeGroup], 1, two);
    await world.untilBound([], 1, three);
    await world.annotate('no', three);
    await world.untilBound([first, second], 1, three);
    await world.editNec(['sg-absent01'], one);
    await world.untilNodeCondition('False', /sg-absent01/, one);
    await world.editNec([first], one);
    await world.untilBound([first], 1, one);
    await world.subEniObjects((enis) => enis.length === 6 && enis.every(isReady), 'all sub-ENIs ready');
    await untilLines(log, 8);
    expect(await running.stop()).toBe(0);

    for (const { eniId } of world.bound(two)) world.cloud.admin.setEniGroups({ eniId, securityGroupIds: [] });
    look();
    const again = await startProcess(world, folder, log, ['--enable-security-groups']);
    await world.untilBound([nodeGroup], 1, two);
    await untilLines(log, 11);
    expect(await again.stop()).toBe(0);
    look();

    const text = await readFile(log, 'utf8');
    const { stdout } = await promisify(execFile)('sh', ['-c', `cat '${log}' | ${PIPELINE}`]);
    const printed = stdout.split('\n').slice(0, -1);
    const lines = linesOf(text);
    expect(printed).toHaveLength(lines.length);
    expect(lines.filter((line) => line.startsWith('{'))).toEqual([]);

    const told = new Map<string, string[]>();
    for (const [index, line] of lines.entries()) {
      const [, , , , , , , , , , , , , , , verb, , eniId = '', , , , old = '', , now = ''] = line.split(/\s+/);
      expect([verb, now]).toEqual(['Sync', `[${printed[index] ?? ''}]`]);
      const had = history.get(eniId) ?? [];
      expect(had, `${eniId} never had what the log says`).toEqual(
        expect.arrayContaining([printed[index], old.slice(1, -1)]),
      );
      told.set(eniId, [...(told.get(eniId) ?? []), printed[index] ?? '']);
    }
    const enis = [one, two, three].map((name) => world.bound(name)[0]?.eniId ?? '');
    expect(enis.map((eniId) => told.get(eniId))).toEqual([
      [`${first},${second}`, `${second},${first}`, first, first],
      [`${first},${second}`, nodeGroup, nodeGroup],
      [`${first},${second}`, '', `${first},${second}`, `${first},${second}`],
    ]);
    expect(enis.map((eniId) => told.get(eniId)?.at(-1))).toEqual(enis.map((eniId) => history.get(eniId)?.at(-1)));
  });
});
