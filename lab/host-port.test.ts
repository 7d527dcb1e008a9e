// What a Pod's user meets on the node when the agent's flags are changed: ports of the node that lead to the Pod, and why a Pod has no network yet.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { CONFLIST_NAME } from '../src/agent/conflist.ts';
import { objectNames } from '../src/api/keys.ts';
import { events, type Pod, pods, serviceAccounts } from '../src/kube/resources.ts';
import type { KubeObject } from '../src/kube/types.ts';
import { probeHost } from './host/probe.ts';
import { packetsPossible, PROJECT_DIR } from './host/testing/test-host.ts';
import { applyObject } from './install.ts';
import { daemonSets } from './kube-resources.ts';
import { nodeRootPath } from './kube/kubelet/node-root.ts';
import { type Lab, startLab } from './lab.ts';
import type { LabNode } from './nodes.ts';
import { waitForObjects } from './wait.ts';

const { possible, why } = packetsPossible(probeHost());
const hasPortmap =
  existsSync('/usr/lib/cni/portmap') &&
  spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v iptables']).status === 0;
const SYSTEM = { namespace: objectNames.systemNamespace };
const NAMESPACE = 'my-namespace';
const HOST_PORT = 18_080;

const traceSchema = z.object({
  traces: z.array(
    z.object({
      verdict: z.string(),
      sourceSeen: z.string().optional(),
      target: z.object({ port: z.number().optional() }).optional(),
    }),
  ),
});

interface PodEvent {
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject: { readonly name: string };
}

describe.skipIf(!possible)(`the flags of the agent${why}`, { timeout: 120_000 }, () => {
  let lab: Lab;
  let home: LabNode;
  let away: LabNode;

  beforeAll(async () => {
    lab = await startLab({ projectDir: PROJECT_DIR, nodes: 2, superNodes: 0, progress: () => undefined });
    const [first, second] = lab.nodes.filter(({ kind }) => kind === 'general');
    if (first === undefined || second === undefined) throw new Error('fewer than two nodes');
    [home, away] = [first, second];
    // `kubectl -n kube-system edit ds tke-eni-agent`.
    const flags = [...(hasPortmap ? ['--port-mapping'] : []), '--add-timeout=2s'];
    const body = flags.map((value) => ({ op: 'add', path: '/spec/template/spec/containers/0/args/-', value }));
    const { metadata } = await lab.client.patch(daemonSets, objectNames.agent, { type: 'json', body }, SYSTEM);
    await waitForObjects(
      lab.client,
      daemonSets,
      ([set]) => {
        const { observedGeneration, updatedNumberScheduled, numberReady } = (set?.status ?? {}) as Record<
          string,
          number
        >;
        return observedGeneration === metadata.generation && updatedNumberScheduled === 2 && numberReady === 2;
      },
      { ...SYSTEM, fieldSelector: `metadata.name=${objectNames.agent}`, what: 'the agents with the flags' },
    );
    // Ready is told when the program runs; the network follows when it has read what the node has.
    for (const node of hasPortmap ? [home, away] : [])
      await vi.waitUntil(async () => (await conflistOf(node))?.includes('portmap') === true, { timeout: 20_000 });
    await lab.createNamespace(NAMESPACE);
    const what = 'the ServiceAccount of the namespace';
    await waitForObjects(lab.client, serviceAccounts, ([one]) => one !== undefined, { namespace: NAMESPACE, what });
  }, 60_000);
  afterAll(async () => await lab?.close());

  const conflistOf = (node: LabNode): Promise<string | undefined> =>
    lab.host.readFile(nodeRootPath(node.name), `/etc/cni/net.d/${CONFLIST_NAME}`);
  const curl = async (host: string): Promise<number> => {
    const argv = [
      'curl',
      '-s',
      '-o',
      '/dev/null',
      '--noproxy',
      '*',
      '--connect-timeout',
      '2',
      `http://${host}:${HOST_PORT}/`,
    ];
    return (await lab.host.exec(argv, away.netns === undefined ? {} : { netns: away.netns })).code;
  };

  const trace = async (from: string, to: string): Promise<string> => {
    const { endpoint, region, secretId, secretKey } = lab.cloudAccess;
    const argv = [`${PROJECT_DIR}/src/main/cli.ts`, 'trace', from, to, '-o', 'json'];
    const env = {
      ...process.env,
      KUBECONFIG: lab.kubeconfig,
      TENCENTCLOUD_SECRET_ID: secretId,
      TENCENTCLOUD_SECRET_KEY: secretKey,
      TENCENTCLOUD_REGION: region,
      TRUNKLINE_CLOUD_ENDPOINT: endpoint,
    };
    return (await promisify(execFile)(process.execPath, argv, { env })).stdout;
  };

  const without = hasPortmap ? '' : ' (unavailable without /usr/lib/cni/portmap and iptables)';
  it.skipIf(!hasPortmap)(
    `--port-mapping: the hostPort of a Pod answers on its node, until the Pod is gone${without}`,
    async () => {
      const ports = [{ containerPort: 8080, hostPort: HOST_PORT }];
      await applyObject(lab.client, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web', namespace: NAMESPACE, labels: { app: 'web' } },
        spec: {
          terminationGracePeriodSeconds: 0,
          nodeSelector: { 'kubernetes.io/hostname': home.name },
          containers: [
            {
              name: 'main',
              image: 'busybox',
              command: ['busybox', 'httpd', '-f', '-p', '8080', '-h', '/'],
              ports,
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      } as never);
      await lab.runningPods(NAMESPACE, 'app=web', 1);
      expect(await curl(home.name)).toBe(0);
      expect(await curl(away.name)).toBe(7);
      // And so says who is asked.
      const [told] = traceSchema.parse(
        JSON.parse(await trace(`node/${away.name}`, `node/${home.name}:${HOST_PORT}`)),
      ).traces;
      expect([told?.verdict, told?.target?.port, told?.sourceSeen]).toEqual(['delivered', 8080, away.name]);
      await lab.client.delete(pods, 'web', { namespace: NAMESPACE, gracePeriodSeconds: 0 });
      await waitForObjects<Pod>(lab.client, pods, (all) => all.length === 0, { namespace: NAMESPACE, what: 'no Pod' });
      await expect.poll(() => curl(home.name), { timeout: 20_000 }).toBe(7);
    },
  );

  it('--add-timeout: what ADD waited for in vain is in the event of the Pod, which runs once it is there', async () => {
    await lab.killProgram(objectNames.ipamd, 'SIGSTOP');
    for (const file of ['policy', 'nginx']) await lab.applyFile(`examples/pod-security-groups-trunk/${file}.yaml`);
    const isTold = (event: KubeObject): boolean => {
      const { reason, message = '' } = event as unknown as PodEvent;
      return (
        reason === 'FailedCreatePodSandBox' &&
        /code 11: Pod \S+: no network within 2 s: no VpcENI sub-\S+ yet/.test(message)
      );
    };
    const what = 'the reason in an event';
    await waitForObjects(lab.client, events, (all) => all.some(isTold), { namespace: NAMESPACE, what });
    await lab.killProgram(objectNames.ipamd, 'SIGCONT');
    await lab.runningPods(NAMESPACE, 'app=my-app', 1);
  });
});
