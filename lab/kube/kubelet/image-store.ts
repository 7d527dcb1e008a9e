// The images of one node: which were pulled, what a pull policy asks for, and the back-off after a pull that failed.
import type { Clock } from '../../../src/base/clock.ts';
import { errorText } from '../../../src/base/errors.ts';
import { kubeletError } from './errors.ts';
import { goDuration } from './go-duration.ts';
import { repositoryOf } from './images.ts';
import type { ImageEntry, ImageTable } from './images.ts';
import type { LabContainer, LabPod } from './pod-view.ts';

/** Reports what happens with an image, as an event of the container's Pod. */
export type ImageEvent = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

export interface ImageStore {
  /**
   * The entry of a container's image, pulled when the policy asks for it. Throws KUBELET-IMAGE (ErrImagePull), KUBELET-IMAGE-BACKOFF
   * (ImagePullBackOff) while an earlier pull is too recent, KUBELET-IMAGE-NAME (InvalidImageName) or KUBELET-IMAGE-NEVER (ErrImageNeverPull).
   */
  ensure(pod: LabPod, container: LabContainer, event: ImageEvent): ImageEntry;
  /** Milliseconds until the image of a container may be pulled again; 0 when it may be now. */
  waitMs(pod: LabPod, container: LabContainer): number;
  /** Forgets the failed pulls of a Pod. */
  forget(podUid: string): void;
}

const FIRST_DELAY_MS = 10_000;
const MAX_DELAY_MS = 300_000;

/** A reference of Docker's grammar: domain and lower-case path, tag, digest. */
const REFERENCE =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?$/;

/** Nothing is pulled yet. */
export function createImageStore(table: ImageTable, clock: Clock): ImageStore {
  const present = new Set<string>();
  const failed = new Map<string, { readonly delayMs: number; readonly untilMs: number }>();
  const keyOf = (pod: LabPod, image: string): string => `${pod.metadata.uid ?? ''} ${image}`;
  const remaining = (key: string): number => Math.max(0, (failed.get(key)?.untilMs ?? 0) - clock.monotonicMs());

  const pull = (key: string, image: string, event: ImageEvent): ImageEntry => {
    event('Normal', 'Pulling', `Pulling image "${image}"`);
    const startedMs = clock.monotonicMs();
    try {
      const entry = table.find(image);
      present.add(withTag(image));
      failed.delete(key);
      const took = goDuration(clock.monotonicMs() - startedMs);
      // Nothing waits for another pull, and nothing is downloaded.
      event(
        'Normal',
        'Pulled',
        `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: 0 bytes.`,
      );
      return entry;
    } catch (error) {
      const delayMs = Math.min(MAX_DELAY_MS, (failed.get(key)?.delayMs ?? FIRST_DELAY_MS / 2) * 2);
      failed.set(key, { delayMs, untilMs: clock.monotonicMs() + delayMs });
      event('Warning', 'Failed', `Failed to pull image "${image}": ${errorText(error)}`);
      throw error;
    }
  };

  return {
    ensure: (pod, container, event) => {
      const { image = '' } = container;
      if (!REFERENCE.test(image)) {
        const why = `couldn't parse image name "${image}": invalid reference format`;
        const text = `Failed to apply default image tag "${image}": ${why}`;
        event('Warning', 'InspectFailed', text);
        throw kubeletError('imageName', text);
      }
      const policy = container.imagePullPolicy ?? (withTag(image).endsWith(':latest') ? 'Always' : 'IfNotPresent');
      const isPresent = present.has(withTag(image));
      if (isPresent && policy !== 'Always') {
        event('Normal', 'Pulled', `Container image "${image}" already present on machine`);
        return table.find(image);
      }
      if (policy === 'Never') {
        const text = `Container image "${image}" is not present with pull policy of Never`;
        event('Warning', 'ErrImageNeverPull', text);
        throw kubeletError('imageNever', text);
      }
      const key = keyOf(pod, image);
      if (remaining(key) > 0) {
        const text = `Back-off pulling image "${image}"`;
        event('Normal', 'BackOff', text);
        const why = knownImages(table, image);
        throw kubeletError('imageBackOff', why === undefined ? text : `${text}: ErrImagePull: ${why}`);
      }
      return pull(key, image, event);
    },
    waitMs: (pod, { image = '' }) => remaining(keyOf(pod, image)),
    forget: (podUid) => {
      for (const key of failed.keys()) if (key.startsWith(`${podUid} `)) failed.delete(key);
    },
  };
}

/** The words of the pull that failed, which a back-off repeats. */
function knownImages(table: ImageTable, image: string): string | undefined {
  try {
    table.find(image);
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

/** The reference with the tag that it stands for; one with a digest keeps it. */
function withTag(image: string): string {
  if (image.includes('@')) return image;
  const colon = image.indexOf(':', image.lastIndexOf('/') + 1);
  return `${repositoryOf(image)}:${colon === -1 ? 'latest' : image.slice(colon + 1)}`;
}
