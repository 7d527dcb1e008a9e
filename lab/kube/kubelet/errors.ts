// What can keep a Pod of the lab's kubelet from running, as catalogue rows; `eventReason` is the waiting reason shown.
import { TrunklineError } from '../../../src/base/errors.ts';
import type { CatalogueEntry } from '../../../src/base/errors.ts';

const row = (
  code: string,
  eventReason: string,
  title: string,
  cause: string,
  cure: string,
  retry: CatalogueEntry['retry'] = 'retry',
): CatalogueEntry => ({ code, title, cause, cure, retry, eventReason });

/** Every error of `lab/kube/kubelet`; the key is for code. */
export const KUBELET_ERRORS = {
  image: row(
    'KUBELET-IMAGE',
    'ErrImagePull',
    'The lab has no such image',
    'Images stand for commands of this machine; nothing is pulled.',
    'Use an image that the message names, with `command` for another program.',
  ),
  imageBackOff: row(
    'KUBELET-IMAGE-BACKOFF',
    'ImagePullBackOff',
    'A pull failed a short while ago',
    'The image could not be pulled; the next attempt waits, longer each time.',
    'Read the ErrImagePull event before it.',
  ),
  imageName: row(
    'KUBELET-IMAGE-NAME',
    'InvalidImageName',
    'The image is no reference',
    'Its text does not have the form [REGISTRY/]NAME[:TAG][@DIGEST], in lower case.',
    'Correct the name.',
  ),
  imageNever: row(
    'KUBELET-IMAGE-NEVER',
    'ErrImageNeverPull',
    'The image is not on the node',
    'imagePullPolicy Never forbids to pull it, and no other Pod of the node did.',
    'Use IfNotPresent.',
  ),
  hook: row(
    'KUBELET-HOOK',
    'PostStartHookError',
    'The postStart hook of a container failed',
    'Its command ended with another code than 0, or its request was not answered well.',
    'The message carries what was seen; the container is killed and starts again by its restart policy.',
  ),
  config: row(
    'KUBELET-CONFIG',
    'CreateContainerConfigError',
    'A container cannot be put together',
    'A ConfigMap, Secret or key that it needs does not exist, or a field is not one the lab runs.',
    'Create what the message names; the kubelet looks again by itself.',
  ),
  unsupported: row(
    'KUBELET-UNSUPPORTED',
    'CreateContainerConfigError',
    'The Pod asks for something that the lab does not run',
    'The lab refuses what it does not implement rather than ignore it.',
    'Leave out the field that the message names, or use a real cluster.',
    'terminal',
  ),
  mount: row(
    'KUBELET-MOUNT',
    'FailedMount',
    'A volume cannot be mounted',
    'Its source does not exist, or its type is not one the lab has.',
    'Create what the message names; the kubelet looks again by itself.',
  ),
  networkNotReady: row(
    'KUBELET-NETWORK',
    'NetworkNotReady',
    'The node has no CNI configuration',
    'No file in /etc/cni/net.d of the node: the network add-on has not written it yet.',
    'Wait for the add-on, or read its log.',
  ),
  sandbox: row(
    'KUBELET-SANDBOX',
    'FailedCreatePodSandBox',
    'The network of a Pod could not be made',
    'The CNI plugin answered with an error, or not in time.',
    'The message carries its code and words; it is called again with a new container id.',
  ),
  start: row(
    'KUBELET-START',
    'RunContainerError',
    'A container could not be started',
    'Its root, a mount or its process could not be made.',
    'The message carries the words of the tool that failed.',
  ),
  containerGone: row(
    'KUBELET-NO-CONTAINER',
    'ContainerNotRunning',
    'No such running container',
    'The Pod is not on this node, or the container has ended or not started.',
    'Look at the Pod first.',
  ),
} as const satisfies Record<string, CatalogueEntry>;

/** An error of this catalogue; `message` says what and where. */
export function kubeletError(kind: keyof typeof KUBELET_ERRORS, message: string, cause?: unknown): TrunklineError {
  return new TrunklineError(KUBELET_ERRORS[kind], message, cause === undefined ? {} : { cause });
}
