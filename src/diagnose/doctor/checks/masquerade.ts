// ip-masq-agent: is its configuration usable, and does SNAT meet Pods that must keep their address.
import { annotations, objectNames } from '../../../api/keys.ts';
import type { Pod } from '../../../kube/resources.ts';
import { isEverMasqueraded, type MasqConfig } from '../../../planning/masq-config.ts';
import { coveredOthers, coversText, type MasqPod } from '../../../planning/masq-findings.ts';
import { addressesOf } from '../../explain/pod-network.ts';
import type { ClusterPicture } from '../../picture/picture.ts';
import { openWorld } from '../../trace/world.ts';
import { type Check, type Finding } from '../check.ts';

const CONFIG = `ConfigMap ${objectNames.systemNamespace}/${objectNames.masqConfig}`;

export const masquerade: Check = {
  id: 'ip-masq-agent',
  title: 'SNAT, and the Pods that it must leave alone',
  run: ({ picture }) => {
    const { masquerade: facts } = openWorld(picture);
    if (facts.kind === 'absent') return absent(picture);
    if (facts.kind === 'unreadable')
      return [
        {
          severity: 'problem',
          subject: CONFIG,
          message: `${facts.why}; the last good configuration stays in force`,
          fix: {
            text: 'mend it',
            command: `kubectl -n ${objectNames.systemNamespace} edit configmap ${objectNames.masqConfig}`,
            automatic: false,
          },
        },
      ];
    const strict = new Set(
      picture.kube.vpcEnis.flatMap(({ spec }) => (spec.enforcingMode === 'strict' ? (spec.pod?.uid ?? []) : [])),
    );
    const { config } = facts;
    const perPod = picture.kube.pods.flatMap((pod): Finding[] => {
      const name = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
      const [address] = addressesOf(pod);
      const isStrict = strict.has(pod.metadata.uid ?? '');
      if (address === undefined || pod.spec.hostNetwork === true || !isEverMasqueraded(config, address)) return [];
      if (isStrict ? config.nonMasqueradeStrictPods : config.nonMasqueradeEIPPods || !hasEip(pod)) return [];
      return [
        {
          severity: isStrict ? 'problem' : 'warning',
          subject: `Pod ${name}`,
          message: isStrict
            ? `it has strict routing and SNAT applies to ${address}: what it sends out of the VPC is lost (spec 002)`
            : `it has an EIP and SNAT applies to ${address}: the internet sees its node (spec 004)`,
          fix: {
            text: `add ${address}/32 to NonMasqueradeSrcCIDRs in ${CONFIG}, or set ${isStrict ? 'NonMasqueradeStrictPods' : 'NonMasqueradeEIPPods'} to true there`,
            automatic: false,
          },
        },
      ];
    });
    return [...perPod, ...covered(config, picture, strict)];
  },
};

/** By the annotation that ipamd writes once it is bound: a claim may be there for longer, and without an EIP. */
const hasEip = ({ metadata }: Pod): boolean => (metadata.annotations?.[annotations.eipPublicIp] ?? '') !== '';

/** Without it every Pod keeps its own address, which is right for those with an EIP; somebody who configured it expects otherwise. */
function absent({ kube }: ClusterPicture): readonly Finding[] {
  const configured = kube.configMaps.some(
    ({ metadata }) => metadata.namespace === objectNames.systemNamespace && metadata.name === objectNames.masqConfig,
  );
  if (!configured) return [];
  return [
    {
      severity: 'warning',
      subject: objectNames.masq,
      message: `it is not installed, so that ${CONFIG} has no effect: every Pod keeps its own address, and those without an EIP reach the internet by a NAT gateway alone`,
      fix: { text: 'install it', command: 'kubectl apply -k deploy/ip-masq-agent', automatic: false },
    },
  ];
}

/** Sources that take the way out from Pods without an EIP. */
function covered(config: MasqConfig, { kube }: ClusterPicture, strict: ReadonlySet<string>): readonly Finding[] {
  const pods = kube.pods.flatMap((pod): MasqPod[] => {
    const { namespace = '', name, uid = '', annotations: marks = {} } = pod.metadata;
    const [address] = addressesOf(pod);
    if (address === undefined || pod.spec.hostNetwork === true) return [];
    const asksEip = marks[annotations.eipAttributes] !== undefined || marks[annotations.eipIdList] !== undefined;
    return [{ namespace, name, address, hasEip: hasEip(pod), asksEip, strict: strict.has(uid) }];
  });
  return [...coveredOthers(config, pods)].map(([cidr, others]): Finding => {
    const { message, cure } = coversText(cidr, others);
    return { severity: 'warning', subject: CONFIG, message, fix: { text: cure, automatic: false } };
  });
}
