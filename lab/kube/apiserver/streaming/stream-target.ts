// Which container of which node a request for a stream is about. Source: pkg/registry/core/pod/strategy.go.
import type { Core, Scope } from '../core.ts';
import { collectionOf } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { objectsAt, stringAt } from '../json.ts';
import { objectKey } from '../registry/definition.ts';
import { badRequest, internalError, notFound } from '../status.ts';
import type { NodeStreams, StreamTarget } from './node-streams.ts';

/** A Pod as far as streams are concerned. */
export interface StreamedPod {
  readonly target: StreamTarget;
  /** '' while the Pod is not scheduled. */
  readonly nodeName: string;
}

/** The Pod of a scope and one of its containers. Throws 404 and 400 in a real server's words; `container` undefined: none is needed. */
export function streamedPod(core: Core, scope: Scope, container: string | undefined): StreamedPod {
  const entry = collectionOf(core, scope.definition).get(objectKey(scope.namespace, scope.name));
  if (entry === undefined) throw notFound(scope.definition, scope.name);
  const pod = entry.object;
  return {
    target: {
      namespace: scope.namespace ?? '',
      pod: scope.name,
      uid: pod.metadata.uid ?? '',
      container: container === undefined ? '' : chooseContainer(pod, scope.name, container),
    },
    nodeName: stringAt(pod, 'spec', 'nodeName') ?? '',
  };
}

function chooseContainer(pod: ApiObject, podName: string, wanted: string): string {
  const names = containerNames(pod, 'containers');
  const initNames = containerNames(pod, 'initContainers');
  const others = containerNames(pod, 'ephemeralContainers');
  if (wanted !== '') {
    if ([...names, ...initNames, ...others].includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${podName}`);
  }
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (only === undefined) throw badRequest(`a container name must be specified for pod ${podName}`);
  const inits = initNames.length === 0 ? '' : ` or one of the init containers: [${initNames.join(' ')}]`;
  throw badRequest(
    `a container name must be specified for pod ${podName}, choose one of: [${names.join(' ')}]${inits}`,
  );
}

const containerNames = (pod: ApiObject, list: string): readonly string[] =>
  objectsAt(pod, 'spec', list).map((container) => stringAt(container, 'name') ?? '');

/** The streams of a Pod's node. Throws 400 while it has none, 404 for a node that does not exist, 500 for one that nobody serves. */
export function nodeStreams(core: Core, { target, nodeName }: StreamedPod): NodeStreams {
  if (nodeName === '') throw badRequest(`pod ${target.pod} does not have a host assigned`);
  const nodes = core.registry.find('', 'v1', 'nodes');
  if (nodes === undefined || collectionOf(core, nodes).get(objectKey(undefined, nodeName)) === undefined)
    throw notFound({ group: '', plural: 'nodes' }, nodeName);
  const streams = core.nodeStreams?.(nodeName);
  if (streams === undefined) throw internalError(`error dialing backend: no kubelet serves node ${nodeName} here`);
  return streams;
}
