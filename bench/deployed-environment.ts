// The environment that a program's Deployment gives it, e.g. options of its runtime: what is measured is what is shipped.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** Of the container in deploy/FOLDER/FILE; variables whose value is known only in a cluster are left out. */
export async function deployedEnvironment(folder: string, name = 'deployment.yaml'): Promise<Record<string, string>> {
  const file = join(import.meta.dirname, '..', 'deploy', folder, name);
  const { spec } = deploymentSchema.parse(parse(await readFile(file, 'utf8')));
  const env = spec.template.spec.containers.flatMap((container) => container.env);
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

const deploymentSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.array(
          z.object({ env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]) }),
        ),
      }),
    }),
  }),
});
