// ip-masq-agent: is its configuration usable, and does SNAT meet Pods that must keep their address.
import { objectNames } from '../../../api/keys.ts';
import { isEverMasqueraded } from '../../../planning/masq-config.ts';
import { addressesOf } from '../../explain/pod-network.ts';
import { openWorld } from '../../trace/world.ts';
import { type Check, type Finding } from '../check.ts';

const CONFIG = `ConfigMap ${objectNames.systemNamespace}/${objectNames.masqConfig}`;

export const masquerade: Check = {
  id: 'ip-masq-agent',
  title: 'SNAT, and the Pods that it must leave alone',
  run: ({ picture }) => {
    const { masquerade: facts } = openWorld(picture);
    if (facts.kind === 'absent') return [];
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
    const eips = new Set(picture.kube.eipClaims.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`));
    return picture.kube.pods.flatMap((pod): Finding[] => {
      const name = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
      const [address] = addressesOf(pod);
      const isStrict = strict.has(pod.metadata.uid ?? '');
      if (address === undefined || pod.spec.hostNetwork === true || !isEverMasqueraded(facts.config, address))
        return [];
      if (!isStrict && !eips.has(name)) return [];
      return [
        {
          severity: isStrict ? 'problem' : 'warning',
          subject: `Pod ${name}`,
          message: isStrict
            ? `it has strict routing and SNAT applies to ${address}: what it sends out of the VPC is lost (spec 002)`
            : `it has an EIP and SNAT applies to ${address}: the internet sees its node (spec 004)`,
          fix: { text: `add ${address}/32 to NonMasqueradeSrcCIDRs in ${CONFIG}`, automatic: false },
        },
      ];
    });
  },
};
