// Requests to verdicts: never a guess, and the marks stay as admission wrote them.
import { describe, expect, it } from 'vitest';
import { annotations as keys } from '../api/keys.ts';
import type { Labels } from '../api/label-selector.ts';
import type { SecurityGroupPolicySpec } from '../api/security-group-policy.ts';
import type { AdmissionRequest, Verdict } from './admission-review.ts';
import type { ClusterView } from './cluster-view.ts';
import { type PolicyView, projectPolicy } from './policy-view.ts';
import { guardPod, mutatePod, validatePolicy } from './reviewers.ts';

const viewOf = (parts: Partial<ClusterView> = {}): ClusterView => ({
  synced: true,
  policies: () => [],
  readPolicies: () => Promise.resolve([]),
  expectPolicyChange: () => undefined,
  policiesMayLag: () => false,
  namespaceLabels: () => ({}),
  serviceAccountLabels: () => Promise.resolve({}),
  trunking: () => ({ ok: true, on: true }),
  defaultNetworks: () => ({ ok: true, names: ['tke-bridge'] }),
  servesEip: false,
  sharesAddresses: () => true,
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

  it('that no watched policy selects is looked up in the API, where a policy created just before is seen', async () => {
    const known = policies({ podSelector: { matchLabels: { app: 'my-app' } } });
    const asked: string[] = [];
    const readPolicies = (namespace: string): Promise<readonly PolicyView[]> => {
      asked.push(namespace);
      return Promise.resolve(known.policies(namespace));
    };
    expect(paths(await create(viewOf({ readPolicies })))).toContain(
      '/metadata/annotations/tke.cloud.tencent.com~1security-group-id',
    );
    expect(asked).toEqual(['shop']);
    await create(viewOf({ ...known, readPolicies }));
    await create(viewOf({ readPolicies }), pod({}, { hostNetwork: true }));
    expect(asked).toEqual(['shop']);
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

  it('is free for ipamd, which owns the marks after admission', () => {
    expect(update(decided, {}, 'system:serviceaccount:kube-system:tke-eni-ipamd').allowed).toBe(true);
    expect(update(decided, {}, 'system:serviceaccount:default:tke-eni-ipamd').allowed).toBe(false);
  });
});

describe('writing a SecurityGroupPolicy', () => {
  const good = { spec: { podSelector: {}, securityGroups: { groupIds: ['sg-xxxxyyyy'] } } };
  const write = (object: unknown, view = viewOf(), namespace = 'shop'): Verdict =>
    validatePolicy(request({ operation: 'UPDATE', namespace, object }), view) as Verdict;

  it('is refused as invalid with all mistakes in one line', () => {
    expect(write({ spec: { securityGroups: { groupIds: [] } } })).toMatchObject({
      allowed: false,
      code: 422,
      message: expect.stringMatching(/^spec: .*; spec\.securityGroups\.groupIds: /) as string,
    });
  });

  it('is always allowed while it is being deleted', () => {
    expect(write({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: {} }).allowed).toBe(true);
  });

  it('warns where policies have no effect', () => {
    expect(write(good)).toEqual({ allowed: true, patch: [], warnings: [] });
    expect(write(good, viewOf(), 'kube-system')).toMatchObject({
      warnings: [expect.stringContaining('no effect') as string],
    });
    const exempt = viewOf({ namespaceLabels: () => ({ 'not-add-pod-eni-ip-limit': '' }) });
    expect(write(good, exempt)).toMatchObject({ warnings: [expect.stringContaining('no effect') as string] });
  });
});
