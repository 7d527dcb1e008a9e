// Which run's log a request means. Source: validateContainerLogStatus of pkg/kubelet/kubelet_pods.go. Pure.
import { StreamRefusal } from '../../apiserver/index.ts';
import type { ContainerView } from '../pod-status.ts';

/** The id of the run. Throws StreamRefusal in a kubelet's words when there is none. */
export function chooseLog(
  view: ContainerView | undefined,
  { pod, container }: { readonly pod: string; readonly container: string },
  previous: boolean,
): string {
  const named = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod)}`;
  if (view === undefined) throw new StreamRefusal(400, `${named} is not available`);
  if (previous) {
    if (view.lastEnd === undefined) throw new StreamRefusal(400, `previous terminated ${named} not found`);
    return view.lastEnd.containerID;
  }
  if (view.state === 'running') return view.containerID;
  if (view.state === 'terminated') return view.end.containerID;
  if (view.lastEnd !== undefined) return view.lastEnd.containerID;
  throw new StreamRefusal(400, `${named} is waiting to start: ${waitingWords(view.reason)}`);
}

function waitingWords(reason: string): string {
  if (reason === 'ErrImagePull') return "image can't be pulled";
  return reason === 'ImagePullBackOff' ? 'trying and failing to pull image' : reason;
}
