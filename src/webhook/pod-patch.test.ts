// The patch changes what was decided and nothing else.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annotations as keys, resourceNames } from '../api/keys.ts';
import { admissionPodSchema, isPinnedToSuperNodes } from './admission-pod.ts';
import type { Admission } from './decide.ts';
import { networkNames } from './pod-networks.ts';
import { type PatchOperation, podPatch } from './pod-patch.ts';

const { eniIp, subEni, directEni, eip } = resourceNames;
const take = { exactly: { add: subEni, remove: [eniIp, directEni] } } as const;

const admission = (parts: Partial<Admission>): Admission => ({
  kind: 'admit',
  outcome: undefined,
  annotations: {},
  resources: {},
  warnings: [],
  note: undefined,
  ...parts,
});

interface RawPod {
  metadata: Record<string, unknown>;
  spec: Record<string, unknown>;
}

/** RFC 6902 as far as `add` and `remove` of members go; `add` to a missing parent throws, as it must. */
function applyPatch(pod: RawPod, operations: readonly PatchOperation[]): RawPod {
  const result = structuredClone(pod);
  for (const operation of operations) {
    const path = operation.path
      .slice(1)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = path.pop() ?? '';
    let parent: unknown = result;
    for (const part of path) {
      parent = (parent as Record<string, unknown>)[part];
      if (typeof parent !== 'object' || parent === null) throw new Error(`no parent for ${operation.path}`);
    }
    if (operation.op === 'add') (parent as Record<string, unknown>)[last] = operation.value;
    else if (!Object.hasOwn(parent as object, last)) throw new Error(`nothing to remove at ${operation.path}`);
    else delete (parent as Record<string, unknown>)[last];
  }
  return result;
}

const patched = (pod: RawPod, parts: Partial<Admission>): RawPod =>
  applyPatch(pod, podPatch(admissionPodSchema.parse(pod), admission(parts)));

describe('the patch', () => {
  it.each<[string, { annotations?: Record<string, string> | null }]>([
    ['no annotations', {}],
    ['annotations without a value, as in the sample of spec 002', { annotations: null }],
    ['annotations of its own', { annotations: { mine: 'kept' } }],
  ])('annotates a Pod with %s', (_name, metadata) => {
    const result = patched(
      { metadata, spec: { containers: [{}] } },
      { annotations: { [keys.networks]: 'tke-sub-eni' } },
    );
    expect(result.metadata['annotations']).toEqual({ ...metadata.annotations, [keys.networks]: 'tke-sub-eni' });
  });

  it('puts the resource into limits and requests of container 0, in place of eni-ip, and keeps the rest', () => {
    const resources = { limits: { cpu: '1', [eniIp]: '1' }, requests: { [eniIp]: '1' }, claims: [{ name: 'gpu' }] };
    const result = patched({ metadata: {}, spec: { containers: [{ name: 'a', resources }] } }, { resources: take });
    expect(result.spec['containers']).toEqual([
      {
        name: 'a',
        resources: { limits: { cpu: '1', [subEni]: '1' }, requests: { [subEni]: '1' }, claims: [{ name: 'gpu' }] },
      },
    ]);
  });

  it('takes interface resources off the other containers, since the Pod has one interface', () => {
    const limits = { memory: '1Gi', [subEni]: '1', [directEni]: 1 };
    const result = patched(
      {
        metadata: {},
        spec: {
          containers: [{}, { resources: { limits } }],
          initContainers: [{ resources: { requests: { [eniIp]: '1' } } }],
        },
      },
      { resources: take },
    );
    expect(result.spec['containers']).toEqual([
      { resources: { limits: { [subEni]: '1' }, requests: { [subEni]: '1' } } },
      { resources: { limits: { memory: '1Gi' } } },
    ]);
    expect(result.spec['initContainers']).toEqual([{ resources: { requests: {} } }]);
  });

  it('counts an ordinary Pod on container 0, whose other resources stay', () => {
    const resources = { limits: { cpu: '1' }, requests: { memory: '1Gi' } };
    const result = patched(
      { metadata: {}, spec: { containers: [{ name: 'a', resources }, { name: 'b' }], initContainers: [{}] } },
      { resources: { atLeast: [eniIp] } },
    );
    expect(result.spec).toEqual({
      containers: [
        { name: 'a', resources: { limits: { cpu: '1', [eniIp]: '1' }, requests: { memory: '1Gi', [eniIp]: '1' } } },
        { name: 'b' },
      ],
      initContainers: [{}],
    });
  });

  it.each<[string, object]>([
    ['container 0', { containers: [{ resources: { limits: { [eniIp]: '2' }, requests: { [eniIp]: '2' } } }] }],
    ['another container', { containers: [{}, { resources: { limits: { [eniIp]: 1 } } }] }],
    ['an init container', { containers: [{}], initContainers: [{ resources: { limits: { [eniIp]: '1' } } }] }],
  ])('leaves a Pod alone that asks for the resource on %s', (_name, spec) => {
    const pod = { metadata: {}, spec: spec as Record<string, unknown> };
    expect(patched(pod, { resources: { atLeast: [eniIp] } })).toEqual(pod);
  });

  it('puts an EIP beside the sub-ENI', () => {
    const result = patched({ metadata: {}, spec: { containers: [{}] } }, { resources: { ...take, atLeast: [eip] } });
    const both = { [subEni]: '1', [eip]: '1' };
    expect(result.spec['containers']).toEqual([{ resources: { limits: both, requests: both } }]);
  });

  it('is empty when the Pod is already as decided', () => {
    const resources = { limits: { [subEni]: '1' }, requests: { [subEni]: '1' } };
    const pod = {
      metadata: { annotations: { [keys.networks]: 'tke-sub-eni' } },
      spec: { containers: [{ resources }] },
    };
    expect(
      podPatch(
        admissionPodSchema.parse(pod),
        admission({ resources: take, annotations: { [keys.networks]: 'tke-sub-eni', [keys.securityGroupId]: null } }),
      ),
    ).toEqual([]);
  });

  it('applies to any Pod, and applying it leaves nothing more to patch', () => {
    const quantities = fc.option(
      fc.dictionary(fc.constantFrom('cpu', eniIp, subEni, directEni), fc.constantFrom('1', 2)),
      { nil: undefined },
    );
    const container = fc.record({
      name: fc.constant('c'),
      resources: fc.option(fc.record({ limits: quantities, requests: quantities }), { nil: null }),
    });
    const annotations = fc.option(fc.dictionary(fc.constantFrom('a/b', 'c~d', keys.securityGroupId), fc.string()), {
      nil: null,
    });
    const changes = fc.dictionary(
      fc.constantFrom('a/b', 'c~d', 'e', keys.securityGroupId),
      fc.option(fc.string(), { nil: null }),
    );
    fc.assert(
      fc.property(
        annotations,
        fc.array(container, { minLength: 1, maxLength: 3 }),
        changes,
        fc.boolean(),
        (present, containers, wanted, withResource) => {
          const parts = { annotations: wanted, ...(withResource ? { resources: take } : {}) };
          const result = patched({ metadata: { annotations: present }, spec: { containers } }, parts);
          expect(podPatch(admissionPodSchema.parse(result), admission(parts))).toEqual([]);
        },
      ),
    );
  });
});

describe('a Pod', () => {
  const term = (...values: string[]): object => ({
    matchExpressions: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values }],
  });
  const pinned = (spec: object): boolean =>
    isPinnedToSuperNodes(admissionPodSchema.parse({ metadata: {}, spec: { containers: [{}], ...spec } }));
  const required = (...nodeSelectorTerms: object[]): object => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  });

  it.each([
    ['nodeSelector eklet', { nodeSelector: { 'node.kubernetes.io/instance-type': 'eklet' } }],
    ['every required term naming eklet', required(term('eklet'), term('eklet'))],
  ])('is pinned to super nodes by %s', (_name, spec) => {
    expect(pinned(spec)).toBe(true);
  });

  it.each([
    ['nothing', {}],
    ['another instance type', { nodeSelector: { 'node.kubernetes.io/instance-type': 'SA5.LARGE8' } }],
    ['one of two alternative terms', required(term('eklet'), term('SA5.LARGE8'))],
    ['a term that also allows another type', required(term('eklet', 'SA5.LARGE8'))],
    ['a toleration of super nodes', { tolerations: [{ key: 'eks.tke.cloud.tencent.com/eklet', operator: 'Exists' }] }],
    ['no term at all', required()],
  ])('is not pinned by %s', (_name, spec) => {
    expect(pinned(spec)).toBe(false);
  });

  it.each([
    ['tke-sub-eni', ['tke-sub-eni']],
    ['tke-bridge, tke-route-eni@eth1', ['tke-bridge', 'tke-route-eni']],
    ['kube-system/tke-direct-eni', ['tke-direct-eni']],
    ['[{"name":"tke-route-eni","interface":"eth0"}]', ['tke-route-eni']],
    ['["tke-sub-eni"]', ['tke-sub-eni']],
    ['[broken', []],
    ['', []],
    [undefined, []],
  ])('with networks %j asks for %j', (annotation, names) => {
    expect(networkNames(annotation)).toEqual(names);
  });
});
