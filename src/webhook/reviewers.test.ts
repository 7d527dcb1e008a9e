// Requests to verdicts: never a guess, and the marks stay as admission wrote them.
import { describe, expect, it } from 'vitest';
import { annotations as keys } from '../api/keys.ts';
import type { Labels } from '../api/label-selector.ts';
import type { SecurityGroupPolicySpec } from '../api/security-group-policy.ts';
import type { AdmissionRequest, Verdict } from './admission-review.ts';
import type { ClusterView } from './cluster-view.ts';
import { type PolicyView, projectPolicy } from '../planning/policy-view.ts';
import { NotTold } from './replicas.ts';
import { validatePolicy } from './review-policy.ts';
import { guardNamespace, guardPod, mutatePod } from './reviewers.ts';
import type { PolicyChange } from './expected-policies.ts';

const viewOf = (parts: Partial<ClusterView> = {}): ClusterView => {
  const view = bareView(parts);
  return { ...view, policiesFor: (namespace) => view.policies(namespace) };
};

const bareView = (parts: Partial<ClusterView>): Omit<ClusterView, 'policiesFor'> => ({
  synced: true,
  policies: () => [],
  readPolicies: () => Promise.resolve([]),
  announcePolicy: () => Promise.resolve(),
  expectPolicy: () => undefined,
  allowedGroups: () => undefined,
  policiesMayLag: () => false,
  namespaceLabels: () => ({}),
  serviceAccountLabels: () => Promise.resolve({}),
  trunking: () => ({ ok: true, on: true }),
  defaultNetworks: () => ({ ok: true, names: ['tke-bridge'] }),
  servesEip: true,
  furtherEipAttributes: () => false,
  sharesAddresses: () => true,
  addressZones: { of: () => Promise.resolve(undefined) },
  ...parts,
});

const policies = (spec: Omit<SecurityGroupPolicySpec, 'securityGroups'>): Pick<ClusterView, 'policies'> => {
  const view = projectPolicy({
    apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
    kind: 'SecurityGroupPolicy',
    metadata: { name: 'web', namespace: 'shop', uid: 'u' },
    spec: { ...spec, securityGroups: { groupIds: ['sg-xxxxyyyy'] } },
  });
  return { policies: (namespace) => (namespace === 'shop' ? [view] : []) };
};

const request = (parts: Partial<AdmissionRequest>): AdmissionRequest => ({
  uid: 'r-1',
  operation: 'CREATE',
  namespace: 'shop',
  object: undefined,
  oldObject: undefined,
  ...parts,
});

const pod = (annotations: Record<string, string> = {}, spec: object = {}): object => ({
  metadata: { name: 'web-1', labels: { app: 'my-app' }, annotations },
  spec: { containers: [{ name: 'nginx' }], ...spec },
});

const create = async (view: ClusterView, object: unknown = pod()): Promise<Verdict> =>
  mutatePod(request({ object }), view);
const paths = (verdict: Verdict): readonly string[] =>
  verdict.allowed ? verdict.patch.map(({ path }) => path) : [`refused ${verdict.code}`];

describe('creating a Pod', () => {
  it('that a policy matches patches marks and resource', async () => {
    const verdict = await create(viewOf(policies({ podSelector: { matchLabels: { app: 'my-app' } } })));
    expect(paths(verdict)).toContain('/spec/containers/0/resources/limits');
    expect(paths(verdict)).toContain('/metadata/annotations/tke.cloud.tencent.com~1security-group-id');
  });

  it('in another namespace than the policy patches nothing', async () => {
    const verdict = await mutatePod(
      request({ namespace: 'other', object: pod() }),
      viewOf(policies({ podSelector: {} })),
    );
    expect(paths(verdict)).toEqual([]);
  });

  it('asks the API for no policy while the watch has all of them', async () => {
    const readPolicies = (): never => {
      throw new Error('asked');
    };
    expect(paths(await create(viewOf({ readPolicies })))).toEqual([]);
  });

  it('in a namespace whose policies were just written is decided by what the API has', async () => {
    const watched = policies({ podSelector: {} });
    const verdict = await create(
      viewOf({ ...watched, policiesMayLag: () => true, readPolicies: () => Promise.resolve([]) }),
    );
    expect(paths(verdict)).toEqual([]);
  });

  it('is refused for now while the informers are not complete', async () => {
    expect(paths(await create(viewOf({ synced: false })))).toEqual(['refused 503']);
  });

  it('asks for the ServiceAccount only when a policy does, "default" when the Pod names none', async () => {
    const asked: string[] = [];
    const serviceAccountLabels = (namespace: string, name: string): Promise<Labels> => {
      asked.push(`${namespace}/${name}`);
      return Promise.resolve({ team: 'shop' });
    };
    await create(viewOf({ ...policies({ podSelector: {} }), serviceAccountLabels }));
    expect(asked).toEqual([]);
    const verdict = await create(
      viewOf({ ...policies({ serviceAccountSelector: { matchLabels: { team: 'shop' } } }), serviceAccountLabels }),
    );
    expect(asked).toEqual(['shop/default']);
    expect(paths(verdict)).not.toEqual([]);
  });

  it('is refused for now when a policy asks for a ServiceAccount that does not exist', async () => {
    const verdict = await create(
      viewOf({ ...policies({ serviceAccountSelector: {} }), serviceAccountLabels: () => Promise.resolve(undefined) }),
    );
    expect(paths(verdict)).toEqual(['refused 503']);
  });

  it('is refused when a policy matches and the Trunking switch has a value nobody accepts', async () => {
    const trunking = (): ReturnType<ClusterView['trunking']> => ({ ok: false, problem: 'enableSubEni: "yes"' });
    expect(paths(await create(viewOf({ ...policies({ podSelector: {} }), trunking })))).toEqual(['refused 403']);
    expect(paths(await create(viewOf({ trunking })))).toEqual([]);
  });

  it('on the default network is counted, and one that is not leaves a line for the log', async () => {
    const shared = viewOf({ defaultNetworks: () => ({ ok: true, names: ['tke-route-eni'] }) });
    expect(paths(await create(shared))).toContain('/spec/containers/0/resources/limits');
    expect(await create(viewOf())).toMatchObject({
      patch: [],
      note: expect.stringMatching(/Nothing to patch$/) as string,
    });
  });

  it('in kube-system asks for no policy', async () => {
    const readPolicies = (): never => {
      throw new Error('asked');
    };
    const verdict = await mutatePod(
      request({ namespace: 'kube-system', object: pod() }),
      viewOf({ readPolicies, policiesMayLag: () => true }),
    );
    expect(paths(verdict)).toEqual([]);
  });

  it('that is no Pod is refused as malformed', async () => {
    expect(paths(await create(viewOf(), { metadata: {}, spec: {} }))).toEqual(['refused 422']);
  });
});

describe('updating a Pod', () => {
  const update = (before: Record<string, string>, after: Record<string, string>, username = 'alice'): Verdict =>
    guardPod(
      request({ operation: 'UPDATE', oldObject: pod(before), object: pod(after), userInfo: { username } }),
      viewOf(),
    ) as Verdict;
  const decided = {
    [keys.securityGroupId]: 'sg-aaaaaaaa',
    [keys.admissionDecision]: '{}',
    [keys.networks]: 'tke-sub-eni',
  };

  it.each([keys.securityGroupId, keys.admissionDecision, keys.networks, keys.eksSecurityGroupId])(
    'never changes %s of a Pod that was decided about',
    (key) => {
      expect(update(decided, { ...decided, [key]: 'other' }).allowed).toBe(false);
    },
  );

  it('never takes the groups off', () => {
    const { [keys.securityGroupId]: _, ...rest } = decided;
    expect(update(decided, rest).allowed).toBe(false);
  });

  it('never adds groups to a Pod that has none', () => {
    expect(update({}, { [keys.securityGroupId]: 'sg-aaaaaaaa' }).allowed).toBe(false);
  });

  it('may change every other annotation', () => {
    expect(update(decided, { ...decided, mine: 'new' }).allowed).toBe(true);
    expect(update({}, { [keys.networks]: 'tke-route-eni', [keys.eksSecurityGroupId]: 'sg-aaaaaaaa' }).allowed).toBe(
      true,
    );
  });

  it('adds no super-node groups that the namespace may not use', () => {
    const write = (value: string): Verdict =>
      guardPod(
        request({
          operation: 'UPDATE',
          oldObject: pod({ [keys.eksSecurityGroupId]: 'sg-narrowed' }),
          object: pod({ [keys.eksSecurityGroupId]: value }),
        }),
        viewOf({ allowedGroups: () => ({ shop: 'sg-aaaaaaaa' }) }),
      ) as Verdict;
    expect(write('sg-bbbbbbbb')).toMatchObject({ allowed: false, code: 403 });
    expect(write('sg-aaaaaaaa').allowed).toBe(true);
    // What was there before the list was narrowed stays.
    expect(write('sg-narrowed').allowed).toBe(true);
  });

  it('is free for ipamd, which owns the marks after admission', () => {
    expect(update(decided, {}, 'system:serviceaccount:kube-system:tke-eni-ipamd').allowed).toBe(true);
    expect(update(decided, {}, 'system:serviceaccount:default:tke-eni-ipamd').allowed).toBe(false);
  });
});

describe('updating a namespace', () => {
  const LABEL = 'tke.cloud.tencent.com/security-group-policy';
  const namespace = (labelled: boolean): object => ({
    metadata: { name: 'shop', labels: labelled ? { [LABEL]: '' } : {} },
  });
  const takeOff = (view: ClusterView, username: string): Promise<Verdict> =>
    Promise.resolve(
      guardNamespace(
        request({
          operation: 'UPDATE',
          name: 'shop',
          oldObject: namespace(true),
          object: namespace(false),
          userInfo: { username },
        }),
        view,
      ),
    );
  const IPAMD = 'system:serviceaccount:kube-system:tke-eni-ipamd';

  it('takes the label of its policies off by ipamd alone, and not while one exists or is on its way', async () => {
    const one = policies({ podSelector: {} });
    expect(await takeOff(viewOf(), 'alice')).toMatchObject({ allowed: false, code: 403 });
    expect(await takeOff(viewOf(), IPAMD)).toMatchObject({ allowed: true });
    const readPolicies = (name: string): Promise<readonly PolicyView[]> => Promise.resolve(one.policies(name));
    expect(await takeOff(viewOf({ readPolicies }), IPAMD)).toMatchObject({ allowed: false, code: 503 });
    expect(await takeOff(viewOf({ policiesMayLag: () => true }), IPAMD)).toMatchObject({ allowed: false, code: 503 });
  });
});

describe('writing a SecurityGroupPolicy', () => {
  const good = {
    metadata: { name: 'web', uid: 'u', generation: 2 },
    spec: { podSelector: {}, securityGroups: { groupIds: ['sg-xxxxyyyy'] } },
  };
  const write = async (object: unknown, view = viewOf(), parts: Partial<AdmissionRequest> = {}): Promise<Verdict> =>
    validatePolicy(request({ operation: 'UPDATE', object, ...parts }), view);

  it('is refused as invalid with all mistakes in one line', async () => {
    expect(await write({ spec: { securityGroups: { groupIds: [] } } })).toMatchObject({
      allowed: false,
      code: 422,
      message: expect.stringMatching(/^spec: .*; spec\.securityGroups\.groupIds: /) as string,
    });
  });

  it('is always allowed while it is being deleted', async () => {
    expect((await write({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: {} })).allowed).toBe(true);
  });

  it('is refused in kube-system, where it would have no effect, and warned of where the namespace is exempt', async () => {
    expect(await write(good)).toEqual({ allowed: true, patch: [], warnings: [] });
    expect(await write(good, viewOf(), { namespace: 'kube-system' })).toMatchObject({ allowed: false, code: 403 });
    const exempt = viewOf({ namespaceLabels: () => ({ 'not-add-pod-eni-ip-limit': '' }) });
    expect(await write(good, exempt)).toMatchObject({ warnings: [expect.stringContaining('no effect') as string] });
  });

  it('is told to every replica before it is stored, with the generation that it will have', async () => {
    const told: PolicyChange[] = [];
    const view = viewOf({ announcePolicy: (change) => Promise.resolve(void told.push(change)) });
    const before = {
      ...good,
      metadata: { ...good.metadata, generation: 1 },
      spec: { ...good.spec, podSelector: { matchLabels: { a: 'b' } } },
    };
    await write(good, view, { oldObject: before });
    // A server that counts after it asked.
    await write(good, view, { oldObject: { ...before, metadata: good.metadata } });
    await write({ ...good, metadata: { name: 'new', uid: 'n', generation: 1 } }, view, { operation: 'CREATE' });
    expect(told).toEqual([
      { namespace: 'shop', name: 'web', uid: 'u', generation: 2 },
      { namespace: 'shop', name: 'web', uid: 'u', generation: 3 },
      { namespace: 'shop', name: 'new', uid: 'n', generation: 1 },
    ]);
    await write(good, view, { oldObject: good });
    await write(good, view, { operation: 'CREATE', dryRun: true });
    expect(told).toHaveLength(3);
  });

  it('is refused for now while a replica cannot be told', async () => {
    const announcePolicy = (): Promise<void> => Promise.reject(new NotTold('replica b does not answer'));
    expect(await write(good, viewOf({ announcePolicy }))).toMatchObject({
      allowed: false,
      code: 503,
      message: expect.stringContaining('replica b does not answer') as string,
    });
  });

  it('is refused with groups that the namespace may not use, unless the edit leaves its spec alone', async () => {
    const view = viewOf({ allowedGroups: () => ({ shop: 'sg-aaaaaaaa' }) });
    expect(await write(good, view)).toMatchObject({
      allowed: false,
      code: 403,
      message: expect.stringContaining('may not use sg-xxxxyyyy') as string,
    });
    expect((await write(good, view, { oldObject: good })).allowed).toBe(true);
    expect((await write(good, view, { namespace: 'other' })).allowed).toBe(true);
  });
});

describe('a Pod whose address is in a zone', () => {
  const zoned = (parts: Partial<ClusterView> = {}): ClusterView =>
    viewOf({
      sharesAddresses: () => false,
      defaultNetworks: () => ({ ok: true, names: ['tke-route-eni'] }),
      addressZones: { of: () => Promise.resolve(['zone-b']) },
      ...parts,
    });

  it('is held to it in static mode alone', async () => {
    expect(paths(await create(zoned()))).toContain('/spec/affinity');
    expect(paths(await create(zoned({ sharesAddresses: () => true })))).not.toContain('/spec/affinity');
  });

  it('is exempt with a sub-ENI, which follows it to any zone', async () => {
    const matched = policies({ podSelector: { matchLabels: { app: 'my-app' } } });
    expect(paths(await create(zoned(matched)))).not.toContain('/spec/affinity');
  });

  it('is admitted without that when its claim cannot be read', async () => {
    const verdict = await create(zoned({ addressZones: { of: () => Promise.reject(new Error('slow')) } }));
    expect(paths(verdict)).toContain('/spec/containers/0/resources');
    expect(paths(verdict)).not.toContain('/spec/affinity');
  });
});
