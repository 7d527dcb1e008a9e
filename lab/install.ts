// Installs what users install: `deploy/crds` and `deploy/default`, with the lab's account filled in.
import { join } from 'node:path';

import type { IpMode } from '../src/api/addon-values.ts';
import { objectNames, WEBHOOK_EXEMPT_LABEL } from '../src/api/keys.ts';
import { customResourceDefinitions, resourceOf } from './kube-resources.ts';
import { namespaces } from '../src/kube/resources.ts';
import type { ConfigMap, Secret } from '../src/kube/resources.ts';
import type { KubeClient, KubeObject } from '../src/kube/types.ts';
import type { ClusterApi } from './kube/cluster-api.ts';
import type { CloudAccess } from './cloud-client.ts';
import { flatValues } from './flat-values.ts';
import { ADDONS, CLUSTER_ID, POD_SUBNET_IDS, VPC } from './layout.ts';
import { loadKustomization } from './manifests.ts';
import { waitForObjects } from './wait.ts';

const FIELD_MANAGER = 'trunkline-lab';

export interface InstallOptions {
  readonly client: KubeClient;
  readonly projectDir: string;
  readonly cloud: CloudAccess;
  /** ipamd takes the keys of its role there; absent: it gets those of `cloud`. */
  readonly metadataUrl?: string | undefined;
  /** How ordinary Pods get addresses; default non-static. */
  readonly ipMode?: IpMode | undefined;
  /** Further arguments of ipamd, e.g. shorter lease times. */
  readonly ipamdArgs: readonly string[];
  /** Port of the webhook on loopback, since the control-plane node is the user's own machine and other labs may run there. */
  readonly webhookPort: number;
  readonly api: Pick<ClusterApi, 'reachesServices' | 'minor'>;
}

/** Server-side apply of one object under the lab's field manager. */
export async function applyObject(client: KubeClient, object: KubeObject): Promise<void> {
  const { namespace } = object.metadata;
  await client.patch(
    resourceOf(object),
    object.metadata.name,
    { type: 'apply', body: object, force: true },
    { fieldManager: FIELD_MANAGER, ...(namespace === undefined ? {} : { namespace }) },
  );
}

/** CRDs first and established, then the programs. Resolves, to everything installed, when the API has it, not when it runs. */
export async function install(options: InstallOptions): Promise<readonly KubeObject[]> {
  return installObjects(options, () => true);
}

async function installObjects(
  options: InstallOptions,
  wanted: (object: KubeObject) => boolean,
): Promise<readonly KubeObject[]> {
  const { client, projectDir } = options;
  const crds = fitToRelease(await loadKustomization(join(projectDir, 'deploy', 'crds')), options.api.minor);
  await Promise.all(crds.map((crd) => applyObject(client, crd)));
  await waitForObjects(
    client,
    customResourceDefinitions,
    (items) =>
      crds.every((crd) => items.some((item) => item.metadata.name === crd.metadata.name && isEstablished(item))),
    {
      what: 'the CustomResourceDefinitions to be established',
      timeoutMs: 15_000,
    },
  );
  const objects = fitToLab(await loadKustomization(join(projectDir, 'deploy', 'default')), options).filter(wanted);
  if (options.api.minor < NAMESPACE_LABEL_SINCE) await markSystemNamespace(client);
  // As kustomize orders them: what workloads refer to exists before they start.
  for (const wave of [isNamespace, isNoWorkload, isWorkload])
    await Promise.all(objects.filter(wave).map((object) => applyObject(client, object)));
  return [...crds, ...objects];
}

/** From here on every namespace carries its name as a label, by which the webhook leaves kube-system alone. */
const NAMESPACE_LABEL_SINCE = 21;

/** docs/install.md tells users of such clusters to do the same. */
async function markSystemNamespace(client: KubeClient): Promise<void> {
  const label = { [WEBHOOK_EXEMPT_LABEL]: '' };
  await client.patch(
    namespaces,
    objectNames.systemNamespace,
    { type: 'merge', body: { metadata: { labels: label } } },
    { fieldManager: FIELD_MANAGER },
  );
}

const isNamespace = (object: KubeObject): boolean => object.kind === 'Namespace';
const isWorkload = (object: KubeObject): boolean => object.kind === 'Deployment' || object.kind === 'DaemonSet';
const isNoWorkload = (object: KubeObject): boolean => !isNamespace(object) && !isWorkload(object);

/** The same without what would run as Pods, for labs whose nodes are computed. */
export async function installWithoutWorkloads(options: InstallOptions): Promise<readonly KubeObject[]> {
  return installObjects(options, (object) => !isWorkload(object));
}

/** CEL rules are known from 1.25 on; older servers refuse an apply that carries them. */
const CEL_RULES_SINCE = 25;

/** The definitions without what a release does not know. */
export function fitToRelease(definitions: readonly KubeObject[], minor: number): KubeObject[] {
  if (minor >= CEL_RULES_SINCE) return [...definitions];
  const withoutRules = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && 'x-kubernetes-validations' in value
      ? { ...value, 'x-kubernetes-validations': undefined }
      : value;
  return definitions.map((definition) => JSON.parse(JSON.stringify(definition, withoutRules)) as KubeObject);
}

/** The manifests with the lab's account: add-on values, credentials, cloud endpoint. Everything else stays as users get it. */
export function fitToLab(
  objects: readonly KubeObject[],
  options: Pick<InstallOptions, 'cloud' | 'metadataUrl' | 'ipMode' | 'ipamdArgs' | 'webhookPort' | 'api'>,
): KubeObject[] {
  const { cloud, metadataUrl, ipMode = 'non-static', ipamdArgs, webhookPort, api } = options;
  const values: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: objectNames.addonValues, namespace: objectNames.systemNamespace },
    data: {
      region: cloud.region,
      vpcId: VPC.vpcId,
      clusterId: CLUSTER_ID,
      subnetIds: POD_SUBNET_IDS.join(','),
      'vpcCni.ipMode': ipMode,
      ...flatValues(ADDONS.eniipamd),
    },
  };
  const credentials: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: objectNames.credentials, namespace: objectNames.systemNamespace },
    stringData: { secretId: cloud.secretId, secretKey: cloud.secretKey },
  };
  const fitted = objects.map((object) => {
    if (object.kind === 'ConfigMap' && object.metadata.name === objectNames.addonValues)
      return { ...object, data: values.data };
    const is = (kind: string, name: string): boolean => object.kind === kind && object.metadata.name === name;
    if (is('Deployment', objectNames.ipamd))
      return withArgs(object, [
        `--cloud-endpoint=${cloud.endpoint}`,
        ...(metadataUrl === undefined ? [] : ['--credential-source=cvm-role', `--metadata-url=${metadataUrl}`]),
        ...ipamdArgs,
      ]);
    if (is('Deployment', objectNames.webhook))
      return withPort(
        withArgs(object, [
          `--listen=127.0.0.1:${webhookPort}`,
          ...(api.reachesServices ? [] : ['--serving-names=127.0.0.1']),
        ]),
        webhookPort,
      );
    if (!api.reachesServices && object.kind.endsWith('WebhookConfiguration')) return withUrls(object, webhookPort);
    // The fabric plugs one device per sub-ENI, whatever this kernel could do.
    if (is('DaemonSet', objectNames.agent)) return withArgs(object, ['--link-driver=veth']);
    return object;
  });
  return [
    ...fitted.filter((object) => !(object.kind === 'Secret' && object.metadata.name === objectNames.credentials)),
    ...(metadataUrl === undefined ? [credentials] : []),
  ];
}

function withArgs(object: KubeObject, extra: readonly string[]): KubeObject {
  const copy = structuredClone(object) as KubeObject & {
    spec: { template: { spec: { containers: { args?: string[] }[] } } };
  };
  const container = copy.spec.template.spec.containers[0];
  if (container === undefined) throw new Error(`Deployment ${object.metadata.name} has no container`);
  const names = new Set(extra.map((argument) => argument.split('=')[0]));
  container.args = [...(container.args ?? []).filter((argument) => !names.has(argument.split('=')[0])), ...extra];
  return copy;
}

/** Webhooks by URL instead of by Service. */
function withUrls(object: KubeObject, port: number): KubeObject {
  const copy = structuredClone(object) as KubeObject & {
    webhooks: { clientConfig: { service?: { path?: string }; url?: string } }[];
  };
  for (const webhook of copy.webhooks)
    webhook.clientConfig = { url: `https://127.0.0.1:${port}${webhook.clientConfig.service?.path ?? '/'}` };
  return copy;
}

/** The port that Service and probes name `https`. */
function withPort(object: KubeObject, containerPort: number): KubeObject {
  const copy = structuredClone(object) as KubeObject & {
    spec: { template: { spec: { containers: { ports?: { name?: string; containerPort: number }[] }[] } } };
  };
  for (const port of copy.spec.template.spec.containers.flatMap((container) => container.ports ?? []))
    if (port.name === 'https') port.containerPort = containerPort;
  return copy;
}

function isEstablished(object: KubeObject): boolean {
  const { status } = object as KubeObject & { status?: { conditions?: { type: string; status: string }[] } };
  return (
    status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') ?? false
  );
}
