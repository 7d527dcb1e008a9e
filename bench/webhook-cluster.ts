// The cluster that the webhook is measured in: its kinds, 10,000 ServiceAccounts, and a namespace of 100 policies of which three match a Pod of 7 kB.
import { customResourceDefinitions } from '../lab/kube-resources.ts';
import { waitForObjects } from '../lab/wait.ts';
import { customResourceDefinition } from '../src/api/crd.ts';
import { objectNames } from '../src/api/keys.ts';
import { kinds } from '../src/api/kinds.ts';
import { securityGroupPolicies, type SecurityGroupPolicySpec } from '../src/api/security-group-policy.ts';
import { configMaps, namespaces, serviceAccounts } from '../src/kube/resources.ts';
import type { KubeClient, KubeObject } from '../src/kube/types.ts';

export const POLICIES = { all: 100, withExpressions: 60, byServiceAccount: 20, match: 3 };
const NAMESPACES = 50;
const SHOP = 'shop';

/** Everything that the webhook reads. */
export async function fillCluster(client: KubeClient, accounts: number): Promise<void> {
  const definitions = kinds.map((kind) => customResourceDefinition(kind) as unknown as KubeObject);
  for (const definition of definitions) await client.create(customResourceDefinitions, definition);
  await waitForObjects(
    client,
    customResourceDefinitions,
    (all) => all.length === definitions.length && all.every(established),
    {
      what: 'the kinds',
    },
  );
  for (const name of [SHOP, objectNames.webhookNamespace, ...Array.from({ length: NAMESPACES }, (_, n) => `team-${n}`)])
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await client.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: objectNames.addonValues, namespace: objectNames.systemNamespace },
    data: { 'vpcCni.trunkingEni.enableSubEni': 'true' },
  });
  await Promise.all(
    Array.from({ length: accounts }, (_, index) => {
      const namespace = index === 0 ? SHOP : `team-${index % NAMESPACES}`;
      const labels = { app: `app-${index}`, 'app.kubernetes.io/managed-by': 'Helm', team: `team-${index % 97}` };
      const metadata = { name: index === 0 ? 'web' : `account-${index}`, namespace, labels };
      return client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    }),
  );
  for (let index = 0; index < POLICIES.all; index += 1)
    await client.create(securityGroupPolicies, {
      apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
      kind: 'SecurityGroupPolicy',
      metadata: { name: `policy-${index}`, namespace: SHOP },
      spec: policySpec(index),
    });
}

/** The first three select the Pod: by labels, by expressions, by its ServiceAccount. */
function policySpec(index: number): SecurityGroupPolicySpec {
  const securityGroups = { groupIds: [`sg-${index.toString(36).padStart(8, '0')}`] };
  const app = index < POLICIES.match ? 'web' : `app-${index}`;
  if (index === 2 || index >= POLICIES.all - POLICIES.byServiceAccount + 1)
    return { serviceAccountSelector: { matchLabels: { app: index === 2 ? 'app-0' : app } }, securityGroups };
  if (index === 1 || (index > 2 && index <= POLICIES.withExpressions + 1))
    return {
      podSelector: {
        matchExpressions: [
          { key: 'app', operator: 'In', values: [app, `${app}-canary`] },
          { key: 'tier', operator: 'NotIn', values: ['debug'] },
          { key: 'release', operator: 'Exists' },
        ],
      },
      securityGroups,
    };
  return { podSelector: { matchLabels: { app, tier: 'front' } }, securityGroups };
}

/** An AdmissionReview as the API server sends it for such a Pod. */
export function reviewText(): string {
  const container = (name: string): object => ({
    name,
    image: `registry.example.com/team/${name}:1.2.3`,
    env: Array.from({ length: 25 }, (_, n) => ({
      name: `SETTING_${n}`,
      value: `value-${n}-of-${name}`.padEnd(48, 'x'),
    })),
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    volumeMounts: [{ name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }],
  });
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'web-7d9c6c9d5f-',
      namespace: SHOP,
      labels: { app: 'web', tier: 'front', release: 'stable', 'pod-template-hash': '7d9c6c9d5f' },
      annotations: { 'example.com/config-hash': 'a'.repeat(64), 'example.com/notes': 'b'.repeat(1_200) },
    },
    spec: { serviceAccountName: 'web', containers: [container('web'), container('sidecar')] },
  };
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: SHOP,
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        groups: ['system:authenticated'],
      },
      object,
      oldObject: null,
      dryRun: false,
    },
  });
}

const established = (object: KubeObject): boolean =>
  (object as KubeObject & { status?: { conditions?: { type: string; status: string }[] } }).status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  ) ?? false;
