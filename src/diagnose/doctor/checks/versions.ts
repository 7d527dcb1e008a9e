// Versions and gates: is the add-on new enough for what is switched on, do ipamd and agents belong together, is the cluster new enough.
import { decodeAddonValues } from '../../../api/addon-values.ts';
import { objectNames } from '../../../api/keys.ts';
import { type GatedFeature, gate } from '../../../api/version-gates.ts';
import { type Check, type Deployment, type DoctorInput, type Finding, unknown } from '../check.ts';

export const versions: Check = {
  id: 'versions',
  title: 'versions and gates',
  run: (input) => [...addOn(input), ...agents(input), ...cluster(input)],
};

/** Tag of the image; undefined without one. */
export function tagOf(all: readonly Deployment[], name: string): string | undefined {
  const image = all.find(({ metadata }) => metadata.name === name)?.spec?.template?.spec?.containers?.[0]?.image;
  return /:([^:/@]+)(?:@.*)?$/.exec(image ?? '')?.[1];
}

function addOn({ picture }: DoctorInput): readonly Finding[] {
  const deployments = picture.kube.deployments as readonly Deployment[];
  const ipamd = deployments.find(({ metadata }) => metadata.name === objectNames.ipamd);
  if (ipamd === undefined) return [];
  const tag = tagOf(deployments, objectNames.ipamd);
  const subject = `image of ${objectNames.ipamd}`;
  if (tag === undefined) return [unknown(subject, 'its image carries no version tag; expected one such as v3.6.0')];
  const args = ipamd.spec?.template?.spec?.containers?.[0]?.args ?? [];
  const decoded = decodeAddonValues(
    picture.kube.configMaps.find(({ metadata }) => metadata.name === objectNames.addonValues)?.data,
  );
  const values = decoded.ok ? decoded.values : undefined;
  const on = (flag: string): boolean => args.some((arg) => new RegExp(`^--${flag}(=true)?$`).test(arg));
  const used: readonly (readonly [GatedFeature, boolean])[] = [
    [
      'nodeSecurityGroups',
      on('enable-security-groups') || values?.['vpcCni.securityGroups.enableSecurityGroups'] === true,
    ],
    ['trunkingEni', values?.['vpcCni.trunkingEni.enableSubEni'] === true],
    ['eipCascadeReclaim', on('enable-ownerref') || values?.['vpcCni.enableOwnerRef'] === true],
  ];
  return used.flatMap(([feature, isUsed]): Finding[] => {
    const answer = gate(feature, tag);
    if (!isUsed || answer.open) return [];
    return [
      {
        severity: 'problem',
        subject,
        message: answer.reason,
        fix: { text: 'update the add-on', automatic: false },
      },
    ];
  });
}

/** Agent N-1 works with ipamd N and the reverse; what is further apart was never tried. */
function agents({ picture }: DoctorInput): readonly Finding[] {
  const tag = tagOf(picture.kube.deployments as readonly Deployment[], objectNames.ipamd);
  if (tag === undefined) return [];
  return picture.kube.nodeEniConfigs.flatMap(({ metadata, status }): Finding[] => {
    const version = status?.node?.agentVersion;
    if (version === undefined || minor(version) === minor(tag)) return [];
    return [
      {
        severity: 'warning',
        subject: `node ${metadata.name}`,
        message: `its agent is ${version}, ipamd is ${tag}`,
        fix: {
          text: 'let the DaemonSet roll',
          command: `kubectl -n ${objectNames.systemNamespace} rollout status daemonset/${objectNames.agent}`,
          automatic: false,
        },
      },
    ];
  });
}

const minor = (version: string): string => /(\d+\.\d+)/.exec(version)?.[1] ?? version;

function cluster({ picture }: DoctorInput): readonly Finding[] {
  if (picture.kube.securityGroupPolicies.length === 0 || picture.serverVersion === '') return [];
  const answer = gate('podSecurityGroups', picture.serverVersion);
  return answer.open
    ? []
    : [
        {
          severity: 'problem',
          subject: 'cluster',
          message: answer.reason,
          fix: { text: 'upgrade the cluster to 1.20 or newer', automatic: false },
        },
      ];
}
