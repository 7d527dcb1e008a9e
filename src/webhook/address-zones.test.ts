// A Pod whose claim keeps an address is held to the zone of that address, by a patch of its affinity that leaves everything else as it was.
import { describe, expect, it } from 'vitest';

import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { vpcIps } from '../api/vpc-ip.ts';
import type { ConfigMap } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { type AdmissionPod, admissionPodSchema } from './admission-pod.ts';
import { createAddressZones, takesNodeAddress } from './address-zones.ts';
import type { PatchOperation } from './pod-patch.ts';
import { createMemoryCluster } from './testing/memory-cluster.ts';
import { zoneAffinityPatch } from './zone-affinity.ts';

const REPORT: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'tke-eni-ip-subnets' },
  data: {
    'subnet-a': '{"zone":"zone-a","cidr":"10.0.1.0/24","available":5,"container":true}',
    'subnet-b': '{"zone":"zone-b","cidr":"10.0.2.0/24","available":5,"container":true}',
  },
};
const pod = (
  annotations: Record<string, string> = {},
  affinity?: unknown,
  name: string | null = 'web-0',
): AdmissionPod => admissionPodSchema.parse({ metadata: { name, annotations }, spec: { containers: [{}], affinity } });

describe('the zones of an address', () => {
  const zones = (
    spec: object,
    given = pod(),
    status: object = { vpcIP: '10.0.2.7' },
    report: ConfigMap | undefined = REPORT,
  ) => {
    const cluster = createMemoryCluster();
    const metadata = { name: 'web-0', namespace: 'shop' };
    cluster.put(vpcIpClaims, { apiVersion: '', kind: '', metadata, spec, status } as KubeObject);
    const ip = { apiVersion: '', kind: '', metadata: { name: '10.0.2.7' }, spec: { subnetID: 'subnet-b' } };
    cluster.put(vpcIps, ip as KubeObject);
    return createAddressZones(cluster.client, () => report).of('shop', given);
  };

  it('are that of the address which the claim keeps', async () => {
    expect(await zones({ deletePolicy: 'Never' })).toEqual(['zone-b']);
  });

  it('are open while the claim keeps none: it goes with its Pod, is a sub-ENI, has no address yet, or is of another name', async () => {
    expect(await zones({ deletePolicy: 'Immediate' })).toBeUndefined();
    expect(await zones({ deletePolicy: 'Never', kind: 'SubENI' })).toBeUndefined();
    expect(await zones({ deletePolicy: 'Never' }, pod(), {})).toBeUndefined();
    expect(await zones({ deletePolicy: 'Never' }, pod({}, undefined, 'web-1'))).toBeUndefined();
    expect(await zones({ deletePolicy: 'Never' }, pod({}, undefined, null))).toBeUndefined();
  });

  it('are those of the address or the subnets that the Pod names, which a kept address overrules', async () => {
    const immediate = { deletePolicy: 'Immediate' };
    const named = (key: string, value: string) => pod({ [`tke.cloud.tencent.com/${key}`]: value });
    expect(await zones(immediate, named('nominated-vpc-ip', '10.0.1.9'))).toEqual(['zone-a']);
    expect(await zones(immediate, named('nominated-eni-subnets', 'subnet-b, subnet-a'))).toEqual(['zone-a', 'zone-b']);
    expect(await zones(immediate, named('nominated-vpc-ip', 'nonsense'))).toBeUndefined();
    expect(await zones({ deletePolicy: 'Never' }, named('nominated-vpc-ip', '10.0.1.9'))).toEqual(['zone-b']);
  });

  it('are not known before ipamd has published the subnets', async () => {
    const nothing = { ...REPORT, data: {} };
    expect(await zones({ deletePolicy: 'Never' }, pod(), { vpcIP: '10.0.2.7' }, nothing)).toBeUndefined();
  });

  it('matter to Pods that take an address of their node alone', () => {
    expect(takesNodeAddress({ resources: { atLeast: ['tke.cloud.tencent.com/eni-ip'] } })).toBe(true);
    expect(takesNodeAddress({ resources: { exactly: { add: 'tke.cloud.tencent.com/sub-eni', remove: [] } } })).toBe(
      false,
    );
  });
});

describe('the patch', () => {
  const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
  const requirement = { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['zone-b'] };
  const only = [{ matchExpressions: [requirement] }];
  const disk = { key: 'disk', operator: 'In', values: ['ssd'] };
  const terms = (...nodeSelectorTerms: object[]) => ({ nodeAffinity: { [REQUIRED]: { nodeSelectorTerms } } });
  /** What the API server makes of the affinity. */
  const applied = (affinity: unknown): unknown => {
    const before = structuredClone({ spec: { affinity } }) as object;
    for (const operation of zoneAffinityPatch(pod({}, affinity), ['zone-b'])) apply(before, operation);
    return (before as { spec: { affinity: unknown } }).spec.affinity;
  };

  it('makes what is missing on the way', () => {
    for (const nothing of [undefined, null, {}, { nodeAffinity: null }, { nodeAffinity: {} }, terms()])
      expect(applied(nothing)).toEqual(terms(...only));
  });

  it('adds to every term, and keeps what the Pod had', () => {
    const fields = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] };
    const preferred = { podAntiAffinity: { any: 'thing' } };
    expect(applied({ ...terms({ matchExpressions: [disk] }, fields), ...preferred })).toEqual({
      ...terms({ matchExpressions: [disk, requirement] }, { ...fields, matchExpressions: [requirement] }),
      ...preferred,
    });
  });

  it('leaves a term that selects no node as it is, and adds nothing twice', () => {
    expect(applied(terms({}, { matchExpressions: [disk] }))).toEqual(
      terms({}, { matchExpressions: [disk, requirement] }),
    );
    expect(zoneAffinityPatch(pod({}, terms({ matchExpressions: [requirement] })), ['zone-b'])).toEqual([]);
  });
});

/** `add` of RFC 6902, as far as the patch uses it. */
function apply(document: object, { path, ...operation }: PatchOperation): void {
  const keys = path.split('/').slice(1);
  const last = keys.pop() ?? '';
  let at = document as Record<string, unknown>;
  for (const key of keys) {
    const next = at[key];
    if (typeof next !== 'object' || next === null) throw new Error(`${path}: ${key} is missing`);
    at = next as Record<string, unknown>;
  }
  if (operation.op !== 'add') throw new Error(`op ${operation.op}`);
  if (last === '-') (at as unknown as unknown[]).push(operation.value);
  else at[last] = operation.value;
}
