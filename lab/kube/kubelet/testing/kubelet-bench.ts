// For tests: a kubelet on a real lab host with a real API server, and a CNI plugin in a few lines of shell.
import { systemClock } from '../../../../src/base/clock.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { isAlreadyExists } from '../../../../src/kube/api-error.ts';
import { configMaps, events, serviceAccounts } from '../../../../src/kube/resources.ts';
import type { KubeClient, KubeObject } from '../../../../src/kube/types.ts';
import type { ApiServer } from '../../apiserver/index.ts';
import { startTestHost } from '../../../host/testing/test-host.ts';
import type { LabHost } from '../../../host/types.ts';
import { startApiBench } from '../../testing/api-bench.ts';
import { untilObject } from '../../testing/until-object.ts';
import { createImageTable } from '../images.ts';
import { createKubelet } from '../kubelet.ts';
import type { Kubelet } from '../kubelet.ts';
import { labPods } from '../pod-view.ts';
import type { LabPod, LabPodSpec } from '../pod-view.ts';

export const NODE = 'worker';
export const NODE_IP = '10.0.0.9';
export const NAMESPACE = 'default';
export const POD_IP = '10.9.8.7';

// Every Pod gets the same address: nobody else is on its network. `fail` makes one ADD fail, `hold` every DEL.
const PLUGIN = `#!/bin/sh
conf=$(cat)
state=/var/lib/cni
seen=gone; [ -e "$CNI_NETNS" ] && seen=there
echo "$CNI_COMMAND $CNI_CONTAINERID $seen $CNI_IFNAME $CNI_ARGS" >> $state/calls
echo "$conf" > "$state/conf-$CNI_COMMAND"
case $CNI_COMMAND in
ADD)
  if [ -e $state/fail ]; then rm $state/fail; echo '{"cniVersion":"1.0.0","code":11,"msg":"no address yet"}'; exit 1; fi
  nsenter --net="$CNI_NETNS" ip addr add ${POD_IP}/32 dev lo
  echo '{"cniVersion":"1.0.0","ips":[{"address":"${POD_IP}/32"}]}';;
DEL)
  if [ -e $state/hold ]; then echo '{"code":11,"msg":"agent is away"}'; exit 1; fi;;
esac
`;

const CONFLIST = JSON.stringify({ cniVersion: '1.0.0', name: 'test', plugins: [{ type: 'test-cni', extra: 7 }] });

export interface KubeletBench {
  readonly api: ApiServer;
  readonly client: KubeClient;
  readonly kubelet: Kubelet;
  readonly host: LabHost;
  readonly stateDir: string;
  /** Creates a Pod on the node, unscheduled ones being nobody's here. */
  addPod(name: string, spec: Partial<LabPodSpec>): Promise<LabPod>;
  untilPod(name: string, holds: (pod: LabPod) => boolean): Promise<LabPod>;
  untilEvent(
    podName: string,
    reason: string,
  ): Promise<KubeObject & { readonly message?: string; readonly type?: string }>;
  /** Installs the CNI plugin by a host-network Pod that mounts the node's directories, as an add-on does. */
  installCni(): Promise<void>;
  /** Runs a shell line where that Pod runs; the plugin's state is in /var/host/state. */
  onNode(line: string): Promise<string>;
  close(): Promise<void>;
}

const INSTALLER = 'cni-installer';

/** Everything up; the node has no CNI configuration yet. */
export async function startKubeletBench(options: { readonly mode?: 'root' | 'rootless' } = {}): Promise<KubeletBench> {
  const { host, stateDir, stop: stopHost } = await startTestHost(options);
  const late: { kubelet?: Kubelet } = {};
  const {
    api,
    client,
    close: closeApi,
  } = await startApiBench({
    nodeStreams: (name) => (name === NODE ? late.kubelet?.streams : undefined),
  });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: NAMESPACE } };
  await client.create(serviceAccounts, account, { namespace: NAMESPACE }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
  await host.addNetns('n1');
  await host.exec(['sh', '-c', `ip link set lo up && ip addr add ${NODE_IP}/32 dev lo`], { netns: 'n1' });
  const kubelet = createKubelet({
    client,
    host,
    clock: systemClock,
    logger: silentLogger,
    node: {
      name: NODE,
      kind: 'general',
      internalIp: NODE_IP,
      providerId: 'qcloud:///zone-1/ins-1',
      zone: 'zone-1',
      instanceType: 'SA5.LARGE8',
      netns: 'n1',
      cpu: 4,
      memoryGiB: 8,
      labels: { mine: 'yes' },
      taints: [],
    },
    images: createImageTable({}),
    api: { host: '10.96.0.1', port: 443 },
    stateDir,
    issueToken: (namespace, name) => api.issueToken(namespace, name),
  });
  late.kubelet = kubelet;
  const stop = new AbortController();
  const running = kubelet.run(stop.signal);
  const untilPod: KubeletBench['untilPod'] = async (name, holds) =>
    await untilObject(client, labPods, { namespace: NAMESPACE }, (pod) => pod.metadata.name === name && holds(pod));
  const addPod: KubeletBench['addPod'] = async (name, spec) =>
    await client.create(
      labPods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: NAMESPACE, labels: { app: name } },
        spec: { nodeName: NODE, terminationGracePeriodSeconds: 2, containers: [], ...spec },
      },
      { namespace: NAMESPACE },
    );
  return {
    api,
    client,
    kubelet,
    host,
    stateDir,
    addPod,
    untilPod,
    untilEvent: async (podName, reason) =>
      await untilObject(
        client,
        events,
        { namespace: NAMESPACE },
        (event) =>
          Reflect.get(event, 'reason') === reason &&
          Reflect.get(Reflect.get(event, 'involvedObject'), 'name') === podName,
      ),
    installCni: async () => {
      const metadata = { name: 'cni', namespace: NAMESPACE };
      const data = { 'test-cni': PLUGIN, '10-test.conflist': CONFLIST };
      await client.create(
        configMaps,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
        { namespace: NAMESPACE },
      );
      await addPod(INSTALLER, installerSpec());
      await untilPod(INSTALLER, isReady);
    },
    onNode: async (line) => {
      const pod = { metadata: { name: INSTALLER, namespace: NAMESPACE } };
      const { code, stdout, stderr } = await kubelet.exec(pod, 'installer', ['sh', '-c', line]);
      if (code !== 0) throw new Error(`${line}: exit code ${code}: ${stderr}`);
      return stdout;
    },
    close: async () => {
      stop.abort();
      await running;
      await closeApi();
      await stopHost();
    },
  };
}

export const isReady = (pod: LabPod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

function installerSpec(): Partial<LabPodSpec> {
  const script =
    'cd /var/host && cp /var/plugin/test-cni bin/ && chmod 755 bin/test-cni && cp /var/plugin/10-test.conflist conf/ && exec sleep infinity';
  const hostPaths = { bin: '/opt/cni/bin', conf: '/etc/cni/net.d', state: '/var/lib/cni', netns: '/run/netns' };
  return {
    hostNetwork: true,
    volumes: [
      { name: 'plugin', configMap: { name: 'cni' } },
      ...Object.entries(hostPaths).map(([name, path]) => ({ name, hostPath: { path, type: 'DirectoryOrCreate' } })),
    ],
    containers: [
      {
        name: 'installer',
        image: 'busybox:1.36',
        command: ['sh', '-c', script],
        volumeMounts: [
          { name: 'plugin', mountPath: '/var/plugin' },
          { name: 'bin', mountPath: '/var/host/bin' },
          { name: 'conf', mountPath: '/var/host/conf' },
          { name: 'state', mountPath: '/var/host/state' },
          { name: 'netns', mountPath: '/run/netns' },
        ],
      },
    ],
  };
}
