// Is what stands in the cluster complete and readable: our kinds, the add-on values, no other install of the same names.
import { decodeAddonValues } from '../../../api/addon-values.ts';
import { objectNames } from '../../../api/keys.ts';
import { kinds } from '../../../api/kinds.ts';
import { gapOf } from '../../picture/picture.ts';
import { type Check, type DoctorInput, type Finding, unknown } from '../check.ts';

export const installation: Check = {
  id: 'installation',
  title: 'kinds and configuration',
  run: (input) => [...crds(input), ...values(input)],
};

function crds({ picture }: DoctorInput): readonly Finding[] {
  return kinds.flatMap(({ resource }): Finding[] => {
    const gap = gapOf(picture, resource.plural);
    if (gap === undefined) return [];
    const absent = gap.includes('has no kind');
    return [
      {
        severity: absent ? 'problem' : 'unknown',
        subject: `kind ${resource.kind}`,
        message: gap,
        ...(absent
          ? {
              fix: {
                text: 'install the CRDs',
                command:
                  resource.kind === 'SecurityGroupPolicy'
                    ? 'kubectl apply -k deploy/securitygrouppolicy'
                    : 'kubectl apply -k deploy/crds',
                automatic: false,
              },
            }
          : {}),
      },
    ];
  });
}

function values({ picture }: DoctorInput): readonly Finding[] {
  const gap = gapOf(picture, 'configmaps');
  const subject = `ConfigMap ${objectNames.systemNamespace}/${objectNames.addonValues}`;
  if (gap !== undefined) return [unknown(subject, gap)];
  const map = picture.kube.configMaps.find(({ metadata }) => metadata.name === objectNames.addonValues);
  if (map === undefined)
    return [
      {
        severity: 'problem',
        subject,
        message: 'there are no add-on values: ipamd does not start without region, vpcId, clusterId and subnetIds',
        fix: { text: 'install it', command: 'kubectl apply -k deploy/ipamd', automatic: false },
      },
    ];
  const decoded = decodeAddonValues(map.data);
  if (!decoded.ok)
    return decoded.problems.map((message) => ({
      severity: 'problem',
      subject,
      message: `${message}; what was read last stays in force`,
      fix: {
        text: 'edit it',
        command: `kubectl -n ${objectNames.systemNamespace} edit configmap ${objectNames.addonValues}`,
        automatic: false,
      },
    }));
  if (decoded.values.paused === 'none') return [];
  return [
    {
      severity: 'warning',
      subject,
      message: `cloud calls are paused (${decoded.values.paused})`,
      fix: {
        text: 'let them go on',
        command: `kubectl -n ${objectNames.systemNamespace} patch configmap ${objectNames.addonValues} --type merge -p '{"data":{"paused":"none"}}'`,
        automatic: false,
      },
    },
  ];
}
