// What the story of EIPs looks at in each of its parts: the Pod, its claim, its EIP, and the way it leaves the VPC.
import { annotations, objectNames } from '../../src/api/keys.ts';
import { configMaps, type Pod, pods as podResource } from '../../src/kube/resources.ts';
import { cloudEip, type CloudEip, eipClaimOf, seenOutside, untilCloud } from './eips.ts';
import { waitForObjects } from '../wait.ts';
import type { StoryContext } from './story.ts';

export const NAMESPACE = 'pod-eip';
export const CREATED = { namespace: NAMESPACE, name: 'busybox-0' };

/** The one Pod of the document's first StatefulSet. */
export async function podRuns({ lab }: StoryContext, selector = 'k8s-app=busybox'): Promise<Pod> {
  const [pod] = await lab.runningPods(NAMESPACE, selector, 1);
  if (pod === undefined) throw new Error('the Pod does not run');
  return pod;
}

/** Claim, cloud and annotation agree about its EIP. */
export async function hasItsEip(context: StoryContext): Promise<{ readonly pod: Pod; readonly eip: CloudEip }> {
  const { lab, expect } = context;
  const before = await podRuns(context);
  const claim = await eipClaimOf(
    lab,
    CREATED,
    'bound',
    (found) => found?.status?.phase === 'Bound' && found.status.podUID === before.metadata.uid,
  );
  const { eipID = '', publicIP } = claim?.status ?? {};
  const eip = await cloudEip(lab, eipID, `at ${before.status?.podIP}`, (found) => {
    return found?.AddressStatus.startsWith('BIND') === true && found.PrivateAddressIp === before.status?.podIP;
  });
  if (eip === undefined) throw new Error(`${eipID} is gone`);
  expect('the address in the claim', publicIP, eip.AddressIp);
  const shown = (all: readonly Pod[]): Pod | undefined =>
    all.find(({ metadata }) => metadata.annotations?.[annotations.eipPublicIp] === eip.AddressIp);
  const pods = await waitForObjects(lab.client, podResource, (all) => shown(all) !== undefined, {
    namespace: NAMESPACE,
    labelSelector: 'k8s-app=busybox',
    what: `${annotations.eipPublicIp} ${eip.AddressIp} on ${CREATED.name}`,
    describe: (all) => JSON.stringify(all.map(({ metadata }) => metadata.annotations)),
  });
  const pod = shown(pods) ?? before;
  expect('the Pod that it is on', pod.metadata.uid, before.metadata.uid);
  return { pod, eip };
}

/** Waits until the host in the internet sees the Pod under this address; throws with what it saw last. */
export async function leavesAs({ lab }: StoryContext, pod: Pod, address: string): Promise<void> {
  let seen = '';
  await untilCloud(
    async () => {
      seen = await seenOutside(lab, pod);
      return seen === address;
    },
    () => `${pod.metadata.name} leaves as ${seen}, not as ${address}`,
  );
}

/** `kubectl -n kube-system edit cm ip-masq-agent-config`: the line `config` becomes this. */
export async function editMasqConfig({ lab, kubectl, expect }: StoryContext, change: object): Promise<void> {
  const wanted = {
    NonMasqueradeCIDRs: ['10.0.0.0/8'],
    NonMasqueradeSrcCIDRs: [],
    MasqLinkLocal: true,
    ResyncInterval: '1m0s',
    MasqLinkLocalIPv6: false,
    ...change,
  };
  const config = JSON.stringify(wanted);
  const where = { namespace: objectNames.systemNamespace };
  if (kubectl.kind === 'present') {
    const expression = `s|^  config: .*|  config: '${config}'|`;
    const { code, stderr } = await kubectl.edit(expression, '-n', where.namespace, 'cm', objectNames.masqConfig);
    expect(`exit code of kubectl edit (${stderr.trim()})`, code, 0);
  } else {
    await lab.client.patch(configMaps, objectNames.masqConfig, { type: 'merge', body: { data: { config } } }, where);
  }
  const map = await lab.client.get(configMaps, objectNames.masqConfig, where);
  expect('the configuration', map.data?.['config'], config);
}
