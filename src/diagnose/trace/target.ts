// Whether somebody listens where the packet ends: by the ports that containers declare, or by what a look into the Pod has seen.
import type { Pod } from '../../kube/resources.ts';
import type { ServiceView } from '../picture/picture.ts';
import { replaceAt } from './commands.ts';
import { lookAtPorts } from './next-steps.ts';
import type { Party } from './party.ts';
import { serviceName } from './service.ts';
import type { Cause, Cure, FlowProtocol, Hop } from './trace.ts';

/** Ports that are open inside a Pod, each as `TCP/80`, as its kernel tells (`--probe`). */
export type Listening = (pod: Pod) => ReadonlySet<string> | undefined;

export interface TargetQuestion {
  readonly to: Party;
  readonly protocol: FlowProtocol;
  readonly port: number | undefined;
  /** The Service that led here, and the place of its port. */
  readonly by?: { readonly service: ServiceView; readonly portAt: number } | undefined;
  readonly listening?: Listening | undefined;
}

/** Nothing is said of nodes, machines and pings. */
export function askTarget(question: TargetQuestion): { readonly hop: Hop; readonly cause?: Cause } | undefined {
  const { to, protocol, port, listening } = question;
  const { pod } = to;
  if (pod === undefined || port === undefined || protocol === 'ICMP') return undefined;
  const seen = listening?.(pod);
  const declared = declaredPorts(pod, protocol);
  if (seen !== undefined) {
    const open = [...seen].filter((key) => key.startsWith(`${protocol}/`)).map((key) => Number(key.split('/')[1]));
    if (open.includes(port)) return answered('kernel', `${to.name} listens on ${protocol} ${port}`);
    return refused(question, 'kernel', open, `nothing in ${to.name} listens on ${protocol} ${port}`);
  }
  if (declared.length === 0)
    return {
      hop: {
        where: 'target',
        verdict: 'note',
        source: 'inferred',
        text: `no container of ${to.name} declares a port; whether one listens on ${protocol} ${port}, --probe tells`,
      },
    };
  if (declared.includes(port)) return answered('cluster', `a container of ${to.name} declares ${protocol} ${port}`);
  return refused(question, 'inferred', declared, `no container of ${to.name} declares ${protocol} ${port}`);
}

function answered(source: Hop['source'], text: string): { readonly hop: Hop } {
  return { hop: { where: 'target', verdict: 'pass', source, text } };
}

function refused(
  question: TargetQuestion,
  source: Hop['source'],
  open: readonly number[],
  text: string,
): { readonly hop: Hop; readonly cause: Cause } {
  const { by, protocol } = question;
  const ports = open.length === 0 ? 'no port' : open.join(', ');
  const cures = by === undefined ? [] : rightPort(by, open);
  const way = by === undefined ? '' : `, where ${serviceName(by.service)} sends it`;
  return {
    hop: { where: 'target', verdict: 'refuse', source, text: `${text}; it has ${ports}` },
    cause: {
      code: 'WrongTargetPort',
      text: `${text}${way}: the packet arrives and is refused at once, not lost; it listens on ${protocol} ${ports}`,
      cures,
      next: question.to.pod === undefined || cures.length > 0 ? [] : lookAtPorts(question.to.pod),
    },
  };
}

/** Which of a few is meant only a person knows. */
const MOST_PORTS = 3;

function rightPort({ service, portAt }: NonNullable<TargetQuestion['by']>, open: readonly number[]): readonly Cure[] {
  if (open.length > MOST_PORTS) return [];
  const { name, namespace = 'default' } = service.metadata;
  return open.map((port) => {
    const cure = replaceAt('service', name, namespace, `/spec/ports/${portAt}/targetPort`, port);
    return open.length === 1 ? cure : { ...cure, note: `where ${port} is what the Service means` };
  });
}

function declaredPorts(pod: Pod, protocol: FlowProtocol): readonly number[] {
  const all = pod.spec.containers.flatMap(({ ports = [] }) => ports);
  return [
    ...new Set(all.flatMap(({ containerPort, protocol: of = 'TCP' }) => (of === protocol ? [containerPort] : []))),
  ];
}
