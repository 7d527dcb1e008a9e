// CNI configuration files and the calls of a chain of plugins, with plugins that only record.
import { describe, expect, it } from 'vitest';

import type { ExecOptions, ExecResult } from '../../host/types.ts';
import { capabilityArgs } from './capability-args.ts';
import { findCniNetwork, parseNetwork } from './cni-config.ts';
import { createCniInvoker } from './cni-invoke.ts';
import type { CniTarget } from './cni-invoke.ts';
import type { LabPod } from './pod-view.ts';

const target: CniTarget = { containerId: 'c1', netns: 'ns1', podNamespace: 'd', podName: 'p', podUid: 'u1' };
const chain = JSON.stringify({
  cniVersion: '1.0.0',
  name: 'net',
  plugins: [{ type: 'first', a: 1 }, { type: 'second' }],
});

interface Call {
  readonly program: string;
  readonly command: string | undefined;
  readonly conf: Record<string, unknown>;
  readonly options: ExecOptions;
}

function invoker(answers: Readonly<Record<string, Partial<ExecResult>>>) {
  const calls: Call[] = [];
  const exec = async (argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> => {
    const program = argv[0] ?? '';
    calls.push({ program, command: options.env?.['CNI_COMMAND'], conf: JSON.parse(options.stdin ?? ''), options });
    return { code: 0, stdout: '', stderr: '', ...answers[program] };
  };
  return { calls, cni: createCniInvoker({ host: { exec }, nodeRoot: '/root-of-node', nodeNetns: 'node-1' }) };
}

const result = (...addresses: string[]): string =>
  JSON.stringify({ cniVersion: '1.0.0', ips: addresses.map((address) => ({ address })) });

describe('parseNetwork', () => {
  it('reads a single plugin as a chain of one', () => {
    expect(parseNetwork('10.conf', '{"name":"n","cniVersion":"0.4.0","type":"t","x":1}')).toMatchObject({
      name: 'n',
      cniVersion: '0.4.0',
      plugins: [{ type: 't', x: 1 }],
    });
  });

  it.each([
    ['a.conflist', '{"name":"n"}', /a\.conflist: .*plugins/],
    ['a.conf', '{"type":"../evil","name":"n"}', /a\.conf: .*without "\/"/],
    ['a.conf', '{', /a\.conf: .*JSON/],
  ])('refuses %s with %s, naming what is wrong', (file, text, words) =>
    expect(() => parseNetwork(file, text)).toThrow(words),
  );
});

describe('findCniNetwork', () => {
  const hostWith = (files: Readonly<Record<string, string>>) => ({
    exec: async () => ({ code: 0, stdout: Object.keys(files).join('\n'), stderr: '' }),
    readFile: async (_: string, path: string) => files[path.split('/').at(-1) ?? ''],
  });

  it('takes the first configuration by name and nothing else', async () => {
    const files = { README: '', '20-b.conflist': '{}', '10-a.conflist': chain, '00-old.conflist.bak': '{}' };
    expect(await findCniNetwork(hostWith(files), '/r')).toMatchObject({
      kind: 'network',
      network: { file: '10-a.conflist' },
    });
  });

  it('says so when there is none, or when it cannot be read', async () => {
    expect(await findCniNetwork(hostWith({}), '/r')).toMatchObject({ kind: 'none' });
    expect(await findCniNetwork(hostWith({ 'a.conf': '{' }), '/r')).toMatchObject({ kind: 'malformed' });
  });
});

describe('the CNI calls', () => {
  const network = parseNetwork('10.conflist', chain);

  it('run a chain in order, each plugin given its own configuration and the result before it', async () => {
    const { calls, cni } = invoker({
      '/opt/cni/bin/first': { stdout: result('10.0.0.1/24') },
      '/opt/cni/bin/second': { stdout: result('10.0.0.1/24', 'fd00::1/64') },
    });
    const added = await cni.add(network, target);
    expect(added.ips).toEqual(['10.0.0.1', 'fd00::1']);
    expect(calls.map(({ program }) => program)).toEqual(['/opt/cni/bin/first', '/opt/cni/bin/second']);
    expect(calls[0]?.conf).toEqual({ type: 'first', a: 1, name: 'net', cniVersion: '1.0.0' });
    expect(calls[1]?.conf['prevResult']).toEqual(JSON.parse(result('10.0.0.1/24')));
    expect(calls[0]?.options).toMatchObject({ root: '/root-of-node', netns: 'node-1', timeoutMs: 90_000 });
  });

  it('run it backwards at DEL, with the result of ADD', async () => {
    const { calls, cni } = invoker({});
    await cni.del(network, target, { ips: [] });
    expect(calls.map(({ program, command }) => `${command} ${program}`)).toEqual([
      'DEL /opt/cni/bin/second',
      'DEL /opt/cni/bin/first',
    ]);
    expect(calls.every(({ conf }) => 'prevResult' in conf)).toBe(true);
  });

  it('give a plugin what the Pod asks for where it has the capability, and never the list of capabilities', async () => {
    const plugins = [
      { type: 'first', capabilities: { portMappings: false, bandwidth: true } },
      { type: 'second', capabilities: { portMappings: true } },
    ];
    const able = parseNetwork('10.conflist', JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins }));
    const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }];
    const { calls, cni } = invoker({});
    await cni.add(able, { ...target, capabilityArgs: { portMappings } });
    await cni.del(able, { ...target, capabilityArgs: { portMappings } }, {});
    expect(calls.map(({ conf }) => conf['runtimeConfig'])).toEqual([
      undefined,
      { portMappings },
      { portMappings },
      undefined,
    ]);
    expect(calls.some(({ conf }) => 'capabilities' in conf)).toBe(false);
  });

  it('stop at the first plugin that fails, with its code, message and details', async () => {
    const stdout = JSON.stringify({ code: 11, msg: 'not yet', details: 'no sub-ENI' });
    const { calls, cni } = invoker({ '/opt/cni/bin/first': { code: 1, stdout } });
    await expect(cni.add(network, target)).rejects.toThrow(
      'plugin type="first" failed (add): code 11: not yet; no sub-ENI',
    );
    expect(calls).toHaveLength(1);
  });

  it.each([
    [{ code: 127, stderr: 'not found\n' }, 'exit code 127: not found'],
    [{ code: 0, stdout: '{"ips":"none"}' }, 'no CNI result'],
  ])('tell %j in words', async (answer, words) => {
    const { cni } = invoker({ '/opt/cni/bin/first': answer });
    await expect(cni.add(network, target)).rejects.toThrow(words);
  });
});

describe('what a Pod asks of such plugins', () => {
  const pod = (annotations: Record<string, string>, ...ports: readonly object[]): LabPod =>
    ({ metadata: { name: 'p', annotations }, spec: { containers: [{ name: 'a', ports }, { name: 'b' }] } }) as never;

  it('is nothing, as a rule', () => {
    expect(capabilityArgs(pod({}, { containerPort: 80 }))).toEqual({});
  });

  it('is its ports on the node, and its rates', () => {
    const rates = { 'kubernetes.io/ingress-bandwidth': '10M', 'kubernetes.io/egress-bandwidth': '512k' };
    const ports = [
      { containerPort: 80, hostPort: 8080 },
      { containerPort: 53, hostPort: 53, protocol: 'UDP', hostIP: '10.0.32.11' },
    ];
    expect(capabilityArgs(pod(rates, ...ports))).toEqual({
      portMappings: [
        { containerPort: 80, hostPort: 8080, protocol: 'tcp' },
        { containerPort: 53, hostPort: 53, protocol: 'udp', hostIP: '10.0.32.11' },
      ],
      bandwidth: {
        ingressRate: 10_000_000,
        ingressBurst: 0xffff_ffff,
        egressRate: 512_000,
        egressBurst: 0xffff_ffff,
      },
    });
  });

  it.each(['fast', '10', '2P', ''])('is refused by name when its rate is %j', (rate) => {
    expect(() => capabilityArgs(pod({ 'kubernetes.io/ingress-bandwidth': rate }))).toThrow(
      `annotation kubernetes.io/ingress-bandwidth="${rate}": expected bits per second`,
    );
  });
});
