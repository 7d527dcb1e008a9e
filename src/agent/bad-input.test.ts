// Calls that cannot be right, through both entries to the whole agent: an error with its code that says what is wrong, and nothing left behind.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { cniErrorResultSchema } from '../cni/error.ts';
import { canMakeNamespaces, steady } from './testing/netns-world.ts';
import { cniArgsOf, createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { NODE } from './testing/service-world.ts';
import { eniInfoOf } from './testing/shared-enis.ts';

const IPS = ['10.0.35.21', '10.0.35.22'];
const FALLBACK = resolve(import.meta.dirname, '../../native/cni-entry/cni-entry.sh');
const CONF = { cniVersion: '1.0.0', name: 'tke-eni', type: 'tke-route-eni' };
const withConf = (more: object): string => JSON.stringify({ ...CONF, ...more });
const VARIABLES = ['CNI_COMMAND', 'CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_ARGS', 'CNI_PATH'];
const NOTHING = Object.fromEntries(VARIABLES.map((name) => [name, '']));
const NODE_ITSELF = 'the namespace of the node';

/** Links, addresses, rules, routes of every table, neighbours and nftables. */
const LOOK = [
  'ip link',
  'ip -4 address',
  'ip rule',
  'ip -4 route show table all',
  'ip neighbour',
  'nft list ruleset',
].join('; ');

describe.skipIf(!canMakeNamespaces())('a call that cannot be right', () => {
  let program: ProgramWorld;
  let good: Readonly<Record<string, string>>;

  beforeAll(async () => {
    program = await createProgramWorld('d');
    await program.shareEni(IPS);
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1)] });
    await program.startAgent();
    await untilObject(program.client, nodeEniConfigs, {}, (object) => object.status?.node?.ready === true);
    const pod = await program.createPod('web', { networks: null });
    program.world.must('web', 'ip link add taken0 type veth peer name taken1');
    copyFileSync(FALLBACK, join(program.base, 'tke-route-eni.sh'));
    chmodSync(join(program.base, 'tke-route-eni.sh'), 0o755);
    good = {
      PATH: process.env['PATH'] ?? '',
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: 'c-web',
      CNI_NETNS: program.world.netns('web'),
      CNI_IFNAME: 'eth0',
      CNI_ARGS: cniArgsOf(pod),
      CNI_PATH: '/opt/cni/bin',
    };
  });
  afterAll(() => program.close());

  /** Node and Pod, whole, and the files on disk. */
  const dump = (): string =>
    steady(
      ['node', 'web']
        .map((name) => program.world.run(name, ['sh', '-c', LOOK]).stdout)
        .concat(spawnSync('find', [join(program.base, 'state'), '-type', 'f'], { encoding: 'utf8' }).stdout)
        .join('\n'),
    );

  describe.each([
    ['cni-entry.c', 'bin/tke-route-eni'],
    ['cni-entry.sh', 'tke-route-eni.sh'],
  ])('through %s', (_, file) => {
    const ask = (changes: Readonly<Record<string, string>>, stdin: string) =>
      program.entry({ ...good, ...changes }, stdin, join(program.base, file));

    it.each<[string, Readonly<Record<string, string>>, string | undefined, number, RegExp]>([
      ['garbage on stdin', {}, '\u0000{[garbage', 6, /not JSON/],
      ['nothing on stdin', {}, '', 6, /not JSON/],
      ['a list instead of an object', {}, '[]', 1, /cniVersion/],
      ['a version of the future', {}, withConf({ cniVersion: '9.0.0' }), 1, /9\.0\.0/],
      ['a configuration without a name', {}, withConf({ name: '' }), 7, /name/],
      ['an MTU that no link has', {}, withConf({ mtu: 70_000 }), 7, /mtu/],
      ['10 MB of configuration', {}, withConf({ more: 'x'.repeat(10_000_000) }), 6, /1 MiB/],
      ['a result of another plugin', {}, withConf({ prevResult: {} }), 7, /first plugin/],
      ['no environment at all', NOTHING, undefined, 4, /CNI_COMMAND/],
      ['no command', { CNI_COMMAND: '' }, undefined, 4, /CNI_COMMAND/],
      ['another command', { CNI_COMMAND: 'REMOVE' }, undefined, 4, /CNI_COMMAND/],
      ['no container id', { CNI_CONTAINERID: '' }, undefined, 4, /CNI_CONTAINERID/],
      ['a container id with slashes', { CNI_CONTAINERID: '../../etc/passwd' }, undefined, 4, /CNI_CONTAINERID/],
      ['no network namespace', { CNI_NETNS: '' }, undefined, 4, /CNI_NETNS/],
      ['a namespace that is a file', { CNI_NETNS: '/etc/passwd' }, undefined, 4, /etc\/passwd/],
      ['a namespace that is a directory', { CNI_NETNS: '/run' }, undefined, 4, /\/run/],
      ['a namespace of another kind', { CNI_NETNS: '/proc/self/ns/uts' }, undefined, 101, /ns\/uts/],
      ['a namespace that is not there', { CNI_NETNS: '/run/netns/nowhere' }, undefined, 4, /nowhere/],
      ["the node's own namespace", { CNI_NETNS: NODE_ITSELF, CNI_IFNAME: 'pod0' }, undefined, 4, /CNI_NETNS/],
      ['an interface name that is too long', { CNI_IFNAME: 'an-interface-name' }, undefined, 4, /CNI_IFNAME/],
      ['an interface name that is in use', { CNI_IFNAME: 'taken0' }, undefined, 101, /taken0/],
      ['the interface name of the loopback', { CNI_IFNAME: 'lo' }, undefined, 101, /lo/],
      ['an interface name that the kernel has for itself', { CNI_IFNAME: 'all' }, undefined, 101, /peer name all/],
      ['no arguments', { CNI_ARGS: '' }, undefined, 4, /CNI_ARGS/],
      ['arguments that are no pairs', { CNI_ARGS: 'K8S_POD_NAME' }, undefined, 4, /KEY=VALUE/],
      ['a line break in the arguments', { CNI_ARGS: 'A=1\r\nX-CNI-Command: DEL' }, undefined, 4, /CNI_ARGS/],
      ['arguments of 100 kB', { CNI_ARGS: `A=${'x'.repeat(100_000)}` }, undefined, 4, /CNI_ARGS/],
      ['a Pod that is not there', { CNI_ARGS: 'K8S_POD_NAMESPACE=ns;K8S_POD_NAME=nobody' }, undefined, 100, /nobody/],
      [
        'a Pod whose name is a path',
        { CNI_ARGS: 'K8S_POD_NAMESPACE=ns;K8S_POD_NAME=../../nodes/x' },
        undefined,
        4,
        /K8S_POD_NAME/,
      ],
      ['a CHECK of a container that nobody added', { CNI_COMMAND: 'CHECK' }, undefined, 3, /c-web/],
      [
        'a GC without the list of what is in use',
        { CNI_COMMAND: 'GC' },
        withConf({ cniVersion: '1.1.0' }),
        7,
        /valid-attachments/,
      ],
      ['a STATUS with garbage', { CNI_COMMAND: 'STATUS' }, 'x', 6, /not JSON/],
    ])('%s', async (_what, changes, stdin, code, said) => {
      const before = dump();
      const netns = changes['CNI_NETNS'] === NODE_ITSELF ? { CNI_NETNS: program.world.netns('node') } : {};
      const answer = await ask({ ...changes, ...netns }, stdin ?? withConf({}));
      expect(cniErrorResultSchema.parse(JSON.parse(answer.stdout))).toMatchObject({
        code,
        msg: expect.stringMatching(said),
      });
      expect(answer.code).toBe(1);
      expect(dump()).toBe(before);
    });

    it('an address that the node has on a device, until it has it no more', async () => {
      program.world.must('node', 'ip address add 10.0.35.21/32 dev eth1; ip address add 10.0.35.22/32 dev eth1');
      const before = dump();
      const answer = await ask({}, withConf({}));
      expect(cniErrorResultSchema.parse(JSON.parse(answer.stdout))).toMatchObject({
        code: 101,
        msg: expect.stringMatching(/address 10\.0\.35\.2[12] of the Pod is on a device of the node/),
      });
      expect(dump()).toBe(before);
      program.world.must('node', 'ip address del 10.0.35.21/32 dev eth1; ip address del 10.0.35.22/32 dev eth1');
      expect((await ask({}, withConf({}))).code).toBe(0);
      expect((await ask({ CNI_COMMAND: 'DEL' }, withConf({}))).code).toBe(0);
    });
  });
});
