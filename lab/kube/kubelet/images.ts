// The images that the lab knows: a repository stands for a command of this machine, as there is nothing to pull from.
import { TrunklineError } from '../../../src/base/errors.ts';
import { KUBELET_ERRORS } from './errors.ts';

/** What an image stands for. */
export interface ImageEntry {
  /** Its ENTRYPOINT; a container's `command` replaces it, `args` are appended. */
  readonly entrypoint: readonly string[];
  /** Its CMD: what follows the entrypoint when neither `command` nor `args` are given. */
  readonly defaultArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface ImageTable {
  /** The entry of an image reference. Throws KUBELET-IMAGE (event reason ErrImagePull) that names the images the lab knows. */
  find(image: string): ImageEntry;
  /** Known repositories, sorted. */
  readonly repositories: readonly string[];
}

const WELCOME =
  '<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1></body></html>';

// exec: the server itself must be the container's process, so that its end is the container's.
const NGINX = `mkdir -p /var/www/nginx && echo '${WELCOME}' > /var/www/nginx/index.html && exec busybox httpd -f -p 80 -h /var/www/nginx`;

const machinePrograms: ImageEntry = { entrypoint: [], defaultArgs: ['sleep', 'infinity'] };

const nginx: ImageEntry = { entrypoint: ['sh', '-c', NGINX] };

const BUILT_IN: Readonly<Record<string, ImageEntry>> = {
  nginx,
  busybox: machinePrograms,
  alpine: machinePrograms,
  debian: machinePrograms,
  ubuntu: machinePrograms,
  centos: machinePrograms,
  'curlimages/curl': machinePrograms,
  'nicolaka/netshoot': machinePrograms,
  'ccr.ccs.tencentyun.com/library/nginx': nginx,
  'ccr.ccs.tencentyun.com/library/busybox': machinePrograms,
};

/** The built-in images and `extra`, which wins; keys are repositories without tag. */
export function createImageTable(extra: Readonly<Record<string, ImageEntry>>): ImageTable {
  const table = new Map<string, ImageEntry>();
  for (const [name, entry] of [...Object.entries(BUILT_IN), ...Object.entries(extra)])
    table.set(repositoryOf(name), entry);
  const repositories = [...table.keys()].toSorted();
  return {
    repositories,
    find: (image) => {
      const entry = table.get(repositoryOf(image));
      if (entry !== undefined) return entry;
      throw new TrunklineError(
        KUBELET_ERRORS.image,
        `the lab pulls nothing and has no image "${image}"; it knows: ${repositories.join(', ')}`,
      );
    },
  };
}

/** The repository of a reference: without digest, tag and Docker Hub's default registry and folder. */
export function repositoryOf(image: string): string {
  const [withoutDigest = ''] = image.split('@');
  // A colon before the last slash belongs to a registry's port.
  const colon = withoutDigest.indexOf(':', withoutDigest.lastIndexOf('/') + 1);
  const repository = colon === -1 ? withoutDigest : withoutDigest.slice(0, colon);
  return repository.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
}

/** The command line of a container, as the image's and the container's parts make it. Throws KUBELET-CONFIG when nothing is left to run. */
export function commandLine(
  entry: ImageEntry,
  command: readonly string[],
  args: readonly string[],
): readonly [string, ...string[]] {
  const defaults = args.length === 0 && command.length === 0 ? (entry.defaultArgs ?? []) : [];
  const [program, ...rest] = [...(command.length > 0 ? command : entry.entrypoint), ...args, ...defaults];
  if (program === undefined) throw new TrunklineError(KUBELET_ERRORS.config, 'no command to run');
  return [program, ...rest];
}
