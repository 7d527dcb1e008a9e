// The rules that Services become.
import { describe, expect, it } from 'vitest';
import { compile } from './compile.ts';
import { renderChange, renderFull } from './render.ts';
import type { Backend, ServicePort } from './service-ports.ts';
import { staleFlows } from './stale-flows.ts';

const backend = (ip: string, local = false): Backend => ({ ip, port: 8080, local });
const port = (change: Partial<ServicePort> = {}): ServicePort => ({
  key: 'shop/web/tcp/80',
  protocol: 'tcp',
  clusterIp: '10.96.1.1',
  port: 80,
  outsideIps: [],
  internalLocal: false,
  externalLocal: false,
  backends: [backend('10.0.0.1', true), backend('10.0.0.2'), backend('10.0.0.3')],
  ...change,
});
const only = (...ports: ServicePort[]) => {
  const { chains, maps } = compile(ports);
  const chain = (prefix: string): readonly string[] | undefined =>
    [...chains].find(([name]) => name.startsWith(`${prefix}-`))?.[1];
  return { chain, maps };
};

describe('the rules of a Service', () => {
  it('make every backend as likely as another', () => {
    const rules = only(port()).chain('service') ?? [];
    expect(rules.map((rule) => rule.replace(/goto .*__/, ''))).toEqual([
      'numgen random mod 3 0 10.0.0.1/8080',
      'numgen random mod 2 0 10.0.0.2/8080',
      '10.0.0.3/8080',
    ]);
  });

  it('give a backend that calls itself the source of the node', () => {
    expect(only(port({ backends: [backend('10.0.0.1')] })).chain('endpoint')).toEqual([
      'ip saddr 10.0.0.1 jump mark-for-masquerade',
      'meta l4proto tcp dnat to 10.0.0.1:8080',
    ]);
  });

  it('refuse at once when nobody answers, and stay silent when only others do', () => {
    const none = only(port({ backends: [], nodePort: 30_080 })).maps;
    expect([...none['no-endpoint-services']]).toEqual([['10.96.1.1 . tcp . 80', 'goto reject-chain']]);
    expect([...none['no-endpoint-nodeports']]).toEqual([['tcp . 30080', 'goto reject-chain']]);
    const remote = { backends: [backend('10.0.0.2')], nodePort: 30_080, externalLocal: true };
    const elsewhere = only(port(remote)).maps;
    expect([...elsewhere['no-endpoint-nodeports']]).toEqual([['tcp . 30080', 'drop']]);
    expect([...elsewhere['service-ips']]).toHaveLength(1);
    expect([...only(port({ ...remote, internalLocal: true })).maps['no-endpoint-services']]).toEqual([
      ['10.96.1.1 . tcp . 80', 'drop'],
    ]);
  });

  it('masquerade at node ports of policy Cluster, and keep the source with policy Local', () => {
    expect(only(port({ nodePort: 30_080 })).chain('external')?.[0]).toBe('jump mark-for-masquerade');
    const local = only(port({ nodePort: 30_080, externalLocal: true }));
    expect(local.chain('external')?.at(-1)).toMatch(/^goto local-/);
    expect(local.chain('local')).toEqual([expect.stringMatching(/^goto endpoint-.*__10\.0\.0\.1\/8080$/)]);
    expect(local.chain('external')?.filter((rule) => !rule.startsWith('fib saddr type local'))).toHaveLength(1);
  });

  it('treat a further address as they treat the node port', () => {
    const at = '203.0.113.8 . tcp . 80';
    const outside = { outsideIps: ['203.0.113.8'] };
    const cluster = only(port(outside));
    expect(cluster.maps['service-ips'].get(at)).toMatch(/^goto external-/);
    expect(cluster.chain('external')?.[0]).toBe('jump mark-for-masquerade');
    expect(only(port({ ...outside, backends: [] })).maps['no-endpoint-services'].get(at)).toBe('goto reject-chain');
    const remote = port({ ...outside, externalLocal: true, backends: [backend('10.0.0.2')] });
    expect(only(remote).maps['no-endpoint-services'].get(at)).toBe('drop');
  });

  it('keep a client with its backend for as long as the Service says', () => {
    const { affinitySets, chains } = compile([port({ affinitySeconds: 60 })]);
    expect([...affinitySets.values()]).toEqual([60, 60, 60]);
    const rules = [...chains].find(([name]) => name.startsWith('service-'))?.[1] ?? [];
    expect(rules.slice(0, 3).every((rule) => /^ip saddr @affinity60-\S+ goto endpoint-/.test(rule))).toBe(true);
  });

  it('have names that nft takes, however long those of the Service are', () => {
    const long = `${'n'.repeat(63)}/${'s'.repeat(63)}/tcp/80`;
    const names = [...compile([port({ key: long })]).chains.keys()];
    expect(new Set(names).size).toBe(4);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(120);
  });
});

describe('a change of rules', () => {
  const before = compile([port({ affinitySeconds: 60 })]);

  it('is nothing when nothing differs', () => {
    expect(renderChange(before, compile([port({ affinitySeconds: 60 })]))).toBeUndefined();
  });

  it('leaves the clients of backends that stay alone', () => {
    const text = renderChange(before, compile([port({ affinitySeconds: 60, backends: [backend('10.0.0.1', true)] })]));
    expect(text).toMatch(/delete set ip kube-proxy affinity60-\S+__10\.0\.0\.2/);
    expect(text).not.toMatch(/set ip kube-proxy affinity60-\S+__10\.0\.0\.1/);
  });

  it('has no anonymous set, as a whole and as a change', () => {
    const text = `${renderFull(before, ['10.0.1.2'])}${renderChange(before, compile([port({ nodePort: 30_080 })]))}`;
    const rules = text
      .split('\n')
      .filter((line) => !/^\s*(set|map|chain|table|elements|add element|delete element|add set)/.test(line));
    expect(rules.filter((line) => line.includes('{ ') && !line.includes('update @'))).toEqual([]);
  });
});

describe('flows that the kernel must forget', () => {
  const dns = (backends: readonly Backend[]): ServicePort =>
    port({ key: 'shop/dns/udp/53', protocol: 'udp', port: 53, nodePort: 30_053, backends });

  it('are those of UDP backends that are gone, at the address and at the node port', () => {
    const flows = staleFlows(
      [dns([backend('10.0.0.1'), backend('10.0.0.2')])],
      [dns([backend('10.0.0.2')])],
      ['10.0.1.2'],
    );
    expect(flows.map((flow) => flow.join(' '))).toEqual([
      '--orig-dst 10.96.1.1 --orig-port-dst 53 --dst-nat 10.0.0.1',
      '--orig-dst 10.0.1.2 --orig-port-dst 30053 --dst-nat 10.0.0.1',
    ]);
  });

  it('are those that passed by a Service that nobody answered for', () => {
    expect(staleFlows([dns([])], [dns([backend('10.0.0.1')])], [])).toEqual([
      ['--orig-dst', '10.96.1.1', '--orig-port-dst', '53'],
    ]);
  });

  it('are none of TCP, whose ends notice by themselves', () => {
    expect(staleFlows([port()], [port({ backends: [] })], ['10.0.1.2'])).toEqual([]);
  });
});
