// The images of our own programs in the lab: run from source by the same runtime that runs the lab.
import { join } from 'node:path';

import type { ImageEntry } from './kube/kubelet/images.ts';

/** Image repository to command, for the kubelet's table. Tags are ignored, as the lab has one version: this checkout. */
export function ownImages(projectDir: string, runtime: string): Readonly<Record<string, ImageEntry>> {
  const program = (name: string): ImageEntry => ({
    entrypoint: [runtime, join(projectDir, 'src', 'main', `${name}.ts`)],
  });
  return {
    'trunkline/tke-eni-ipamd': program('ipamd'),
    'trunkline/tke-eni-agent': program('agent'),
    'trunkline/tke-eni-ip-scheduler': program('scheduler'),
    'trunkline/ip-masq-agent': program('masq'),
    'trunkline/lab-dns': { entrypoint: [runtime, join(projectDir, 'lab', 'dns', 'main.ts')] },
    'trunkline/add-pod-eni-ip-limit-webhook': program('webhook'),
  };
}
