// The manifests that users apply: they parse, hang together, ask for the least rights, and fit the programs.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { decodeAddonValues } from '../src/api/addon-values.ts';
import { labels, MANAGED_BY, objectNames, WEBHOOK_EXEMPT_LABEL } from '../src/api/keys.ts';
import { kinds } from '../src/api/kinds.ts';
import { gate } from '../src/api/version-gates.ts';
import { decodeFlags } from '../src/base/flags.ts';
import { webhookFlags } from '../src/webhook/flags.ts';
import { webhookPaths } from '../src/webhook/server.ts';

const DEPLOY = join(import.meta.dirname, '..', 'deploy');

const kustomizationSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Kustomization'),
  resources: z.array(z.string()).min(1),
});

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.int() })).default([]),
});
const podSpecSchema = z.looseObject({
  hostNetwork: z.boolean(),
  serviceAccountName: z.string(),
  containers: z.array(containerSchema).min(1),
});
const ruleSchema = z.strictObject({
  apiGroups: z.array(z.string()).min(1),
  resources: z.array(z.string()).min(1),
  resourceNames: z.array(z.string()).optional(),
  verbs: z.array(z.string()).min(1),
});
const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()),
  }),
});
type Manifest = z.output<typeof objectSchema>;

/** Follows `resources` alone; anything else in a kustomization is a failure. */
function load(folder: string): readonly Manifest[] {
  const { resources } = kustomizationSchema.parse(parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')));
  return resources.flatMap((entry) =>
    entry.endsWith('.yaml') ? documents(readFileSync(resolve(folder, entry), 'utf8')) : load(resolve(folder, entry)),
  );
}

function documents(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return objectSchema.parse(document.toJS());
  });
}

const identity = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
const all = load(join(DEPLOY, 'default'));
const ofKind = (...names: readonly string[]): readonly Manifest[] => all.filter(({ kind }) => names.includes(kind));
const one = (kind: string, name: string): Manifest => {
  const found = all.filter((object) => object.kind === kind && object.metadata.name === name);
  expect(found).toHaveLength(1);
  return objectSchema.parse(found[0]);
};

const workloads = ofKind('Deployment', 'DaemonSet').map((object) => ({
  name: object.metadata.name,
  object,
  pod: z
    .looseObject({
      template: z.looseObject({
        spec: podSpecSchema,
        metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      }),
    })
    .parse(object['spec']).template,
}));

const rulesOf = (object: Manifest): readonly z.output<typeof ruleSchema>[] =>
  z.array(ruleSchema).parse(object['rules']);

describe('the kustomization tree', () => {
  it('names each object once, with the label that marks it as ours', () => {
    expect(new Set(all.map(identity)).size).toBe(all.length);
    for (const object of all)
      expect([identity(object), object.metadata.labels[labels.managedBy]]).toEqual([identity(object), MANAGED_BY]);
  });

  it('keeps the CRDs apart, so that deleting the programs never deletes objects', () => {
    expect(ofKind('CustomResourceDefinition')).toEqual([]);
    expect(load(join(DEPLOY, 'crds')).map(({ kind }) => kind)).toEqual(kinds.map(() => 'CustomResourceDefinition'));
  });

  it('keeps apart what only a switch needs: the right to evict', () => {
    const extra = load(join(DEPLOY, 'missed-pod-eviction'));
    expect(extra.flatMap((object) => (object.kind === 'ClusterRole' ? rulesOf(object) : []))).toEqual([
      { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
    ]);
    expect(all.flatMap((object) => JSON.stringify(object)).join()).not.toContain('pods/eviction');
  });

  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
  it.skipIf(!hasKubectl)('means the same to kubectl kustomize', () => {
    for (const folder of ['default', 'crds']) {
      const rendered = documents(execFileSync('kubectl', ['kustomize', join(DEPLOY, folder)], { encoding: 'utf8' }));
      const byIdentity = (objects: readonly Manifest[]): object =>
        Object.fromEntries(objects.map((object) => [identity(object), object]));
      expect(byIdentity(rendered)).toEqual(byIdentity(load(join(DEPLOY, folder))));
    }
  });
});

describe('the programs', () => {
  it('have the documented names and places', () => {
    expect(workloads.map(({ object }) => identity(object))).toEqual([
      'Deployment kube-system/tke-eni-ipamd',
      'DaemonSet kube-system/tke-eni-agent',
      'Deployment tke-eni-ip-webhook/add-pod-eni-ip-limit-webhook',
      'DaemonSet kube-system/ip-masq-agent',
    ]);
  });

  it.each(workloads)('$name needs no Pod network, and its image passes every gate that names the add-on', ({ pod }) => {
    expect(pod.spec.hostNetwork).toBe(true);
    for (const { image } of pod.spec.containers)
      expect(gate('trunkingEni', image.split(':')[1] ?? '')).toEqual({ open: true });
  });

  it.each(workloads)('$name runs under a ServiceAccount of its own, that a binding names', ({ object, pod }) => {
    const account = one('ServiceAccount', pod.spec.serviceAccountName);
    expect(account.metadata.namespace).toBe(object.metadata.namespace);
    const subject = { kind: 'ServiceAccount', name: account.metadata.name, namespace: account.metadata.namespace };
    expect(
      ofKind('ClusterRoleBinding', 'RoleBinding').filter(
        (binding) => JSON.stringify(binding['subjects']) === JSON.stringify([subject]),
      ),
    ).not.toHaveLength(0);
  });

  it('starts the webhook with flags that it knows, on the port that its Service means', () => {
    const container = workloads.find(({ name }) => name === objectNames.webhook)?.pod.spec.containers[0];
    const flags = decodeFlags(objectNames.webhook, webhookFlags, container?.args ?? []);
    expect(flags).toMatchObject({
      kind: 'values',
      values: {
        'service-name': objectNames.webhook,
        'service-namespace': objectNames.webhookNamespace,
        listen: { port: 61_679 },
      },
    });
    expect(container?.ports.map(({ containerPort }) => containerPort)).toEqual([61_679]);
    expect(container?.ports.map(({ name }) => name)).toEqual(['https']);
    expect(one('Service', objectNames.webhook)['spec']).toMatchObject({ ports: [{ port: 443, targetPort: 'https' }] });
  });

  it('ships add-on values that decode, with ids that nobody can take for real ones', () => {
    const data = z.record(z.string(), z.string()).parse(one('ConfigMap', objectNames.addonValues)['data']);
    expect(decodeAddonValues(data)).toMatchObject({ ok: true });
    for (const key of ['region', 'vpcId', 'clusterId', 'subnetIds']) expect(data[key]).toContain('changeme');
  });

  it('selects the Pods that its Services and its workloads label', () => {
    for (const service of ofKind('Service')) {
      const { selector } = z.looseObject({ selector: z.record(z.string(), z.string()) }).parse(service['spec']);
      const selected = workloads.filter(
        ({ object, pod }) =>
          object.metadata.namespace === service.metadata.namespace &&
          Object.entries(selector).every(([key, value]) => pod.metadata.labels[key] === value),
      );
      expect(selected.map(({ name }) => name)).toEqual([service.metadata.name]);
    }
  });
});

describe('the rights', () => {
  const roles = ofKind('ClusterRole', 'Role');

  it.each(roles.map((role) => [identity(role), role] as const))(
    'of %s name every verb and resource, without a wildcard',
    (_name, role) => {
      for (const rule of rulesOf(role)) expect(JSON.stringify(rule)).not.toContain('*');
    },
  );

  it('reach no Secret outside the namespace of the webhook', () => {
    const holders = roles.filter((role) => rulesOf(role).some(({ resources }) => resources.includes('secrets')));
    expect(holders.map(identity)).toEqual([`Role ${objectNames.webhookNamespace}/${objectNames.webhook}`]);
  });

  it('are bound to roles that exist', () => {
    for (const binding of ofKind('ClusterRoleBinding', 'RoleBinding')) {
      const { kind, name } = z.looseObject({ kind: z.string(), name: z.string() }).parse(binding['roleRef']);
      expect(
        roles.filter(
          (role) =>
            role.kind === kind &&
            role.metadata.name === name &&
            (kind === 'ClusterRole' || role.metadata.namespace === binding.metadata.namespace),
        ),
      ).toHaveLength(1);
    }
  });

  it('let ipamd do everything with our own kinds that it fills, their status and their finalizers', () => {
    const granted = new Set(
      rulesOf(one('ClusterRole', objectNames.ipamd)).flatMap(({ apiGroups, resources, verbs }) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}.${apiGroups.join()}`)),
      ),
    );
    for (const { resource } of kinds.filter(({ resource: { group } }) => group.startsWith('networking.'))) {
      for (const verb of ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'])
        expect(granted).toContain(`${verb} ${resource.plural}.${resource.group}`);
      expect(granted).toContain(`patch ${resource.plural}/status.${resource.group}`);
      expect(granted).toContain(`update ${resource.plural}/finalizers.${resource.group}`);
    }
  });
});

describe('the webhook configurations', () => {
  const schema = z.array(
    z.looseObject({
      name: z.string(),
      clientConfig: z.strictObject({
        service: z.object({ name: z.string(), namespace: z.string(), path: z.string(), port: z.literal(443) }),
      }),
      failurePolicy: z.string(),
      sideEffects: z.string(),
      rules: z.array(z.looseObject({ resources: z.array(z.string()) })),
      namespaceSelector: z
        .looseObject({ matchExpressions: z.array(z.looseObject({ key: z.string(), operator: z.string() })) })
        .optional(),
    }),
  );
  const hooks = ofKind('MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration').flatMap((object) =>
    schema.parse(object['webhooks']),
  );

  it('call the paths that are served, each once, through our Service', () => {
    expect(new Set(hooks.map(({ clientConfig }) => clientConfig.service.path))).toEqual(
      new Set(Object.values(webhookPaths)),
    );
    for (const { clientConfig } of hooks)
      expect(clientConfig.service).toMatchObject({
        name: objectNames.webhook,
        namespace: objectNames.webhookNamespace,
      });
  });

  const LABEL = labels.securityGroupPolicy;

  it('fail closed where policies are at stake, open everywhere else, and have no side effects', () => {
    for (const { name, failurePolicy, sideEffects, namespaceSelector } of hooks) {
      const elsewhere = namespaceSelector?.matchExpressions.some(
        ({ key, operator }) => key === LABEL && operator === 'DoesNotExist',
      );
      expect([name, failurePolicy, sideEffects]).toEqual([name, elsewhere === true ? 'Ignore' : 'Fail', 'None']);
    }
  });

  it('leave Pods of exempt namespaces alone, the webhook itself among them, and meet every other Pod once', () => {
    const onPods = hooks.filter(({ rules }) => rules.some(({ resources }) => resources.includes('pods')));
    expect(
      onPods.map(({ name, namespaceSelector }) =>
        [
          name.split('.')[0],
          ...(namespaceSelector?.matchExpressions.map(({ key, operator }) => `${key} ${operator}`) ?? []),
        ].join(', '),
      ),
    ).toEqual([
      `add-pod-security-group, ${LABEL} Exists, ${WEBHOOK_EXEMPT_LABEL} DoesNotExist, kubernetes.io/metadata.name NotIn`,
      `add-pod-eni-ip-limit-webhook, ${LABEL} DoesNotExist, ${WEBHOOK_EXEMPT_LABEL} DoesNotExist`,
      `guard-pod-annotations, ${LABEL} Exists, ${WEBHOOK_EXEMPT_LABEL} DoesNotExist, kubernetes.io/metadata.name NotIn`,
      `guard-ordinary-pod-annotations, ${LABEL} DoesNotExist, ${WEBHOOK_EXEMPT_LABEL} DoesNotExist, kubernetes.io/metadata.name NotIn`,
    ]);
    expect(one('Namespace', objectNames.webhookNamespace).metadata.labels).toHaveProperty(WEBHOOK_EXEMPT_LABEL);
  });
});
