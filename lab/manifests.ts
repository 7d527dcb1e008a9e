// Reads `deploy/` as kustomize does for the two fields it uses, and fits the objects to the lab.
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

import type { KubeObject } from '../src/kube/types.ts';

/** Only these fields are followed; any other would be silently different from kustomize, so it is refused. */
const kustomization = z.strictObject({
  apiVersion: z.string(),
  kind: z.enum(['Kustomization', 'Component']),
  resources: z.array(z.string()).default([]),
  components: z.array(z.string()).default([]),
});

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** Every document of a YAML file as an object. Throws with the file and the reason when one is not a Kubernetes object. */
export async function loadYaml(file: string): Promise<KubeObject[]> {
  const documents = parseAllDocuments(await readFile(file, 'utf8'));
  return documents.flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw new Error(`${file}: ${problem.message}`);
    const value: unknown = document.toJS();
    if (value === null) return [];
    const result = object.safeParse(value);
    if (!result.success)
      throw new Error(
        `${file}: not a Kubernetes object: ${result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`,
      );
    return [result.data as KubeObject];
  });
}

/** All objects of a kustomization folder, resources first, components after, each in file order. */
export async function loadKustomization(folder: string): Promise<KubeObject[]> {
  const file = join(folder, 'kustomization.yaml');
  const decoded = kustomization.safeParse(parse(await readFile(file, 'utf8')));
  if (!decoded.success)
    throw new Error(
      `${file}: ${decoded.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`,
    );
  const entries = [...decoded.data.resources, ...decoded.data.components].map((entry) => resolve(dirname(file), entry));
  const objects: KubeObject[] = [];
  for (const entry of entries)
    objects.push(...(/\.ya?ml$/.test(entry) ? await loadYaml(entry) : await loadKustomization(entry)));
  return objects;
}
