// The routing table of document 002 as traces: what passes the groups of a Pod with standard and with strict routing, and what does not.
import { describe, expect, it } from 'vitest';
import { traceFlow } from './flow.ts';
import type { FlowProtocol, Place } from './trace.ts';
import { ANY, nodePlace, pictureOf, podPlace } from './testing/cluster.ts';

const HOME = '10.0.1.1';
const AWAY = '10.0.1.2';
const inVpc = { ...ANY, CidrBlock: '10.0.0.0/16' };
const GROUPS = {
  node: { in: [inVpc], out: [ANY] },
  open: { in: [inVpc], out: [ANY] },
  shut: {},
  caller: { out: [ANY] },
};

function world(mode: 'standard' | 'strict') {
  return pictureOf({
    nodes: { [HOME]: ['node'], [AWAY]: ['node'] },
    groups: GROUPS,
    pods: [
      { name: 'open', address: '10.0.32.1', node: HOME, mode, groups: ['open'] },
      { name: 'shut', address: '10.0.32.2', node: HOME, mode, groups: ['shut'] },
      { name: 'near', address: '10.0.32.3', node: HOME, mode, groups: ['caller'] },
      { name: 'far', address: '10.0.32.4', node: AWAY, mode, groups: ['caller'] },
      { name: 'ordinary', address: '10.0.32.5', node: HOME },
    ],
  });
}

type Both = readonly [open: boolean, shut: boolean];
const PASS: Both = [true, true];
const FILTERED: Both = [true, false];

/** As lab/enforcing-modes.test.ts has it by packets. */
const TABLE: readonly (readonly [path: string, from: string, to: string, standard: Both, strict: Both])[] = [
  ['from a Pod of the same node', 'near', 'subject', PASS, FILTERED],
  ['from an ordinary Pod of the same node', 'ordinary', 'subject', PASS, FILTERED],
  ['from its own node', HOME, 'subject', PASS, FILTERED],
  ['to its own node', 'subject', HOME, PASS, FILTERED],
  ['to an ordinary Pod of the same node', 'subject', 'ordinary', PASS, FILTERED],
  ['from a Pod of another node', 'far', 'subject', FILTERED, FILTERED],
  ['from another node', AWAY, 'subject', FILTERED, FILTERED],
];

describe.each(['standard', 'strict'] as const)('the groups of a Pod with %s routing', (mode) => {
  const picture = world(mode);
  const place = (name: string, subject: string): Place =>
    name === HOME || name === AWAY ? nodePlace(picture, name) : podPlace(picture, name === 'subject' ? subject : name);

  it.each(TABLE)('are asked %s as packets show it', (_, from, to, standard, strict) => {
    for (const protocol of ['TCP', 'UDP', 'ICMP'] as const satisfies FlowProtocol[])
      for (const [at, subject] of ['open', 'shut'].entries()) {
        const port = protocol === 'ICMP' ? undefined : 8080;
        const query = { from: place(from, subject), to: place(to, subject), protocol, port };
        const passes = (mode === 'strict' ? strict : standard)[at];
        expect([protocol, subject, traceFlow(picture, query).verdict]).toEqual([
          protocol,
          subject,
          passes === true ? 'delivered' : 'dropped',
        ]);
      }
  });
});

describe('early demux', () => {
  const picture = pictureOf({
    nodes: { [HOME]: ['node'], [AWAY]: ['node'] },
    groups: GROUPS,
    routing: { strict: true, tcpEarlyDemux: true, udpEarlyDemux: true },
    pods: [{ name: 'open', address: '10.0.32.1', node: HOME, mode: 'strict', groups: ['open'] }],
  });
  const pod = podPlace(picture, 'open');

  it('loses TCP between a strict Pod and its own node, both ways, and names the key that mends it', () => {
    for (const [from, to] of [
      [nodePlace(picture, HOME), pod],
      [pod, nodePlace(picture, HOME)],
    ] as const) {
      const trace = traceFlow(picture, { from, to, protocol: 'TCP', port: 80 });
      expect([trace.verdict, trace.cause?.code]).toEqual(['dropped', 'EarlyDemux']);
      expect(trace.cause?.cures[0]?.command).toBe(
        `kubectl patch configmap tke-eni-ipamd -n kube-system --type merge -p '{"data":{"agent.config.disableTcpEarlyDemux":"true"}}'`,
      );
    }
  });

  it('loses no ping, and nothing of another node', () => {
    const ping = traceFlow(picture, { from: nodePlace(picture, HOME), to: pod, protocol: 'ICMP' });
    const far = traceFlow(picture, { from: nodePlace(picture, AWAY), to: pod, protocol: 'TCP', port: 80 });
    expect([ping.verdict, far.verdict]).toEqual(['delivered', 'delivered']);
  });
});
