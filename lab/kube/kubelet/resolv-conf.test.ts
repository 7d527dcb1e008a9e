// What a Pod's resolver is told, for each dnsPolicy.
import { describe, expect, it } from 'vitest';
import type { LabPod, LabPodSpec } from './pod-view.ts';
import { addsToNodeFile, resolvConf } from './resolv-conf.ts';

const cluster = { server: '10.96.0.10', domain: 'cluster.local' };
const pod = (spec: Partial<LabPodSpec>): LabPod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'shop' },
  spec: { containers: [], ...spec },
});
const FIRST = 'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n';

describe('resolv.conf of a Pod', () => {
  it('asks the cluster first, beginning in its own namespace', () => {
    expect(resolvConf(pod({}), cluster)).toBe(FIRST);
    expect(resolvConf(pod({ dnsPolicy: 'ClusterFirst' }), cluster)).toBe(FIRST);
  });

  it("is the node's for Default, and for host-network Pods that do not say ClusterFirstWithHostNet", () => {
    expect(resolvConf(pod({ dnsPolicy: 'Default' }), cluster)).toBeUndefined();
    expect(resolvConf(pod({ hostNetwork: true }), cluster)).toBeUndefined();
    expect(resolvConf(pod({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }), cluster)).toBe(FIRST);
  });

  it('is made of dnsConfig alone for None', () => {
    const dnsConfig = { nameservers: ['192.0.2.1'], searches: ['example.org'], options: [{ name: 'edns0' }] };
    expect(resolvConf(pod({ dnsPolicy: 'None', dnsConfig }), cluster)).toBe(
      'search example.org\nnameserver 192.0.2.1\noptions edns0\n',
    );
  });

  it("adds dnsConfig to the cluster's, whose options it may change, up to the kubelet's limits", () => {
    const dnsConfig = {
      nameservers: ['10.96.0.10', '192.0.2.1', '192.0.2.2', '192.0.2.3'],
      searches: ['example.org'],
      options: [{ name: 'ndots', value: '2' }],
    };
    expect(resolvConf(pod({ dnsConfig }), cluster)).toBe(
      'search shop.svc.cluster.local svc.cluster.local cluster.local example.org\n' +
        'nameserver 10.96.0.10\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions ndots:2\n',
    );
  });

  it("tells when dnsConfig would have to be added to the node's own file", () => {
    const dnsConfig = { searches: ['example.org'] };
    expect(addsToNodeFile(pod({ dnsPolicy: 'Default', dnsConfig }), cluster)).toBe(true);
    expect(addsToNodeFile(pod({ dnsConfig }), cluster)).toBe(false);
    expect(addsToNodeFile(pod({ dnsPolicy: 'Default' }), cluster)).toBe(false);
  });
});
