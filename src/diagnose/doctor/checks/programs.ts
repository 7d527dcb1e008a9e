// Do the programs run: ipamd, the agent on every node, the webhook, ip-masq-agent.
import { objectNames } from '../../../api/keys.ts';
import { gapOf } from '../../picture/picture.ts';
import { type Check, type Deployment, type DoctorInput, type Finding, unknown } from '../check.ts';

export const programs: Check = {
  id: 'programs',
  title: 'the programs run',
  run: (input) => [
    ...missing(input, 'deployments', objectNames.ipamd, input.picture.kube.deployments as readonly Deployment[]),
    ...missing(input, 'daemonsets', objectNames.agent, input.picture.kube.daemonSets as readonly Deployment[]),
    ...webhook(input),
    ...unready(input),
  ],
};

function missing({ picture }: DoctorInput, list: string, name: string, all: readonly Deployment[]): readonly Finding[] {
  const gap = gapOf(picture, list);
  if (gap !== undefined) return [unknown(name, gap)];
  if (all.some(({ metadata }) => metadata.name === name)) return [];
  return [
    {
      severity: 'problem',
      subject: name,
      message: `it is not installed in ${objectNames.systemNamespace}`,
      fix: { text: 'install it', command: 'kubectl apply -k deploy/default', automatic: false },
    },
  ];
}

function webhook({ webhookDeployments }: DoctorInput): readonly Finding[] {
  if (webhookDeployments === undefined) return [unknown(objectNames.webhook, 'its Deployment may not be read')];
  if (webhookDeployments.some(({ metadata }) => metadata.name === objectNames.webhook)) return [];
  return [
    {
      severity: 'warning',
      subject: objectNames.webhook,
      message:
        'it is not installed: no Pod is counted or marked at admission, and policies do nothing on general nodes',
      fix: { text: 'install it', command: 'kubectl apply -k deploy/default', automatic: false },
    },
  ];
}

function unready({ picture, webhookDeployments }: DoctorInput): readonly Finding[] {
  const ours = [
    ...picture.kube.deployments,
    ...picture.kube.daemonSets,
    ...(webhookDeployments ?? []),
  ] as readonly Deployment[];
  const names: readonly string[] = [
    objectNames.ipamd,
    objectNames.agent,
    objectNames.webhook,
    objectNames.scheduler,
    objectNames.masq,
  ];
  return ours
    .filter(({ metadata }) => names.includes(metadata.name))
    .flatMap(({ kind, metadata, spec, status }): Finding[] => {
      const wanted = status?.desiredNumberScheduled ?? spec?.replicas ?? 1;
      const ready = status?.numberReady ?? status?.readyReplicas ?? 0;
      if (ready >= wanted) return [];
      const where = metadata.namespace ?? objectNames.systemNamespace;
      return [
        {
          severity: 'problem',
          subject: metadata.name,
          message: `${ready} of ${wanted} Pods are ready`,
          fix: {
            text: 'see why',
            command: `kubectl -n ${where} describe ${(kind || 'deployment').toLowerCase()} ${metadata.name}`,
            automatic: false,
          },
        },
      ];
    });
}
