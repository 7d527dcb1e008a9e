// What a support bundle holds: the picture of our parts, doctor's report, versions and logs, each as a file without secrets. Pure.
import { objectNames } from '../../api/keys.ts';
import type { DoctorReport } from '../doctor/doctor.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import { redact, redactText } from './redact.ts';

export interface SupportLog {
  /** namespace/pod. */
  readonly pod: string;
  readonly text: string;
}

export interface BundleFile {
  readonly name: string;
  readonly text: string;
}

/** Other people's ConfigMaps of kube-system stay out. */
const CONFIG_MAPS: readonly string[] = [
  objectNames.addonValues,
  objectNames.masqConfig,
  objectNames.subnets,
  objectNames.allowedGroups,
];

/** Containers of Pods that are not ours keep name, image, ports and requests; what they run is nobody's business. */
export function supportFiles(
  picture: ClusterPicture,
  report: DoctorReport,
  logs: readonly SupportLog[],
  facts: Readonly<Record<string, string>>,
): readonly BundleFile[] {
  const { kube, cloud } = picture;
  const json = (name: string, value: unknown): BundleFile => ({
    name: `${name}.json`,
    text: `${JSON.stringify(redact(value), null, 1)}\n`,
  });
  const kinds: Readonly<Record<string, readonly unknown[]>> = {
    ...kube,
    configMaps: kube.configMaps.filter(({ metadata }) => CONFIG_MAPS.includes(metadata.name)),
    pods: kube.pods.map((pod) => ({
      ...pod,
      spec: {
        ...pod.spec,
        containers: pod.spec.containers.map(({ name, image, ports, resources }) => ({ name, image, ports, resources })),
      },
    })),
    serviceAccounts: kube.serviceAccounts.map(({ metadata: { name, namespace, labels } }) => ({
      name,
      namespace,
      labels,
    })),
    workloads: kube.workloads.map(({ kind, metadata: { name, namespace, uid, ownerReferences } }) => ({
      kind,
      name,
      namespace,
      uid,
      ownerReferences,
    })),
  };
  return [
    json('facts', { ...facts, takenAt: picture.takenAt, serverVersion: picture.serverVersion, gaps: picture.gaps }),
    json('doctor', report),
    ...Object.entries(kinds).map(([kind, objects]) => json(`cluster/${kind}`, objects)),
    ...(cloud === undefined
      ? []
      : Object.entries({ ...cloud, groups: [...cloud.groups.values()] }).map(([part, list]) =>
          json(`cloud/${part}`, list),
        )),
    ...logs.map(({ pod, text }) => ({ name: `logs/${pod.replace('/', '_')}.log`, text: redactText(text) })),
  ];
}
