// For tests: a world with policies whose Pods are marked as admission marks them, looked at through the policies' status.
import { createCloudClient, type CloudClient } from '../../../lab/cloud-client.ts';
import { waitForObjects } from '../../../lab/wait.ts';
import { type AdmissionOutcome, encodeAdmissionDecision } from '../../api/admission-decision.ts';
import { annotations, labels, networks } from '../../api/keys.ts';
import {
  securityGroupPolicies,
  type SecurityGroupPolicy,
  type SecurityGroupPolicySpec,
} from '../../api/security-group-policy.ts';
import { findCondition } from '../../kube/conditions.ts';
import { type Container, namespaces, type Pod, pods } from '../../kube/resources.ts';
import type { Condition } from '../../kube/types.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

export interface PolicyWorld extends World, AsyncDisposable {
  readonly api: CloudClient;
  /** Selects Pods with label app=NAME. */
  createPolicy(
    name: string,
    groupIds: readonly string[],
    more?: Partial<SecurityGroupPolicySpec>,
  ): Promise<SecurityGroupPolicy>;
  editPolicy(name: string, spec: object): Promise<SecurityGroupPolicy>;
  /** Bound, with label app=APP and the marks of the policies, as they are now, or none. */
  createMarkedPod(
    name: string,
    app: string,
    policies: readonly SecurityGroupPolicy[],
    outcome?: AdmissionOutcome,
    container?: Partial<Container>,
  ): Promise<Pod>;
  /** Once the status of a policy satisfies `done`. */
  untilPolicy(name: string, done: (policy: SecurityGroupPolicy) => boolean, what: string): Promise<SecurityGroupPolicy>;
  untilCondition(name: string, type: string, reason: string): Promise<Condition>;
}

const NAMESPACE = { namespace: 'default' };

/** The namespace has the label of admission already. */
export async function startPolicyWorld(options: WorldOptions = {}): Promise<PolicyWorld> {
  const world = await startWorld(options);
  const { client, cloud } = world;
  const { endpoint, secretId, secretKey, region } = cloud;
  const api = createCloudClient({ endpoint, secretId, secretKey, region });
  const body = { metadata: { labels: { [labels.securityGroupPolicy]: '' } } };
  await client.patch(namespaces, 'default', { type: 'merge', body });
  const close = async (): Promise<void> => {
    api.close();
    await world.close();
  };
  const untilPolicy: PolicyWorld['untilPolicy'] = async (name, done, what) => {
    const isIt = (each: SecurityGroupPolicy): boolean => each.metadata.name === name && done(each);
    const all = await waitForObjects(client, securityGroupPolicies, (list) => list.some(isIt), {
      what,
      timeoutMs: 20_000,
    });
    const found = all.find(isIt);
    if (found === undefined) throw new Error(`no policy ${name}`);
    return found;
  };
  const conditionOf = (policy: SecurityGroupPolicy, type: string): Condition | undefined =>
    findCondition((policy.status?.conditions ?? []) as readonly Condition[], type);
  return {
    ...world,
    api,
    createPolicy: (name, groupIds, more = {}) =>
      client.create(securityGroupPolicies, {
        apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
        kind: 'SecurityGroupPolicy',
        metadata: { name, ...NAMESPACE },
        spec: { podSelector: { matchLabels: { app: name } }, securityGroups: { groupIds: [...groupIds] }, ...more },
      }),
    editPolicy: (name, spec) => client.patch(securityGroupPolicies, name, { type: 'merge', body: { spec } }, NAMESPACE),
    createMarkedPod: (name, app, policies, outcome = 'sub-eni', container = {}) => {
      const groups = [...new Set(policies.flatMap((each) => each.spec.securityGroups.groupIds))];
      const marks = {
        [annotations.networks]: networks.subEni,
        [annotations.securityGroupId]: groups.join(','),
        [annotations.admissionDecision]: encodeAdmissionDecision({
          policies: policies.map(({ metadata }) => ({
            name: metadata.name,
            uid: metadata.uid ?? '',
            generation: metadata.generation ?? 1,
          })),
          groups,
          outcome,
        }),
      };
      return client.create(pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, ...NAMESPACE, labels: { app }, annotations: policies.length === 0 ? {} : marks },
        spec: { nodeName: world.nodeNames[0] ?? '', containers: [{ name: 'main', image: 'sample', ...container }] },
      });
    },
    untilPolicy,
    untilCondition: async (name, type, reason) => {
      const met = (policy: SecurityGroupPolicy): boolean => conditionOf(policy, type)?.reason === reason;
      const found = conditionOf(await untilPolicy(name, met, `${type} ${reason} of policy ${name}`), type);
      if (found === undefined) throw new Error(`no condition ${type}`);
      return found;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
