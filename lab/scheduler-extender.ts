// Installs the scheduler extender as users do: deploy/scheduler, and the shipped configuration given to the lab's scheduler.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { objectNames } from '../src/api/keys.ts';
import type { KubeClient, KubeObject } from '../src/kube/types.ts';
import { applyObject } from './install.ts';
import { type ExtenderConfig, readExtenders } from './kube/scheduler/extender-config.ts';
import { workloadDeployments } from './kube-resources.ts';
import { loadKustomization } from './manifests.ts';
import { waitForObjects } from './wait.ts';

const folder = (projectDir: string): string => join(projectDir, 'deploy', 'scheduler');

/** What the shipped KubeSchedulerConfiguration tells the scheduler; the Service's name is found by the lab. */
export async function shippedExtenders(projectDir: string): Promise<readonly ExtenderConfig[]> {
  return readExtenders(await readFile(join(folder(projectDir), 'kube-scheduler-configuration.yaml'), 'utf8'));
}

/** `port`: of the extender on loopback, since the control-plane node is the user's own machine and other labs may run there. Resolves, to what was installed, when it is served. */
export async function installSchedulerExtender(
  client: KubeClient,
  projectDir: string,
  port: number,
): Promise<readonly KubeObject[]> {
  const objects = (await loadKustomization(folder(projectDir))).map((object) =>
    object.kind === 'Deployment' ? onLoopback(object, port) : object,
  );
  for (const object of objects) await applyObject(client, object);
  const name = objectNames.scheduler;
  await waitForObjects(
    client,
    workloadDeployments,
    (all) => all.some(({ metadata, status }) => metadata.name === name && (status?.availableReplicas ?? 0) > 0),
    { what: `Deployment ${name} to be available` },
  );
  return objects;
}

function onLoopback(object: KubeObject, port: number): KubeObject {
  const copy = structuredClone(object) as KubeObject & {
    spec: { template: { spec: { containers: { args?: string[]; ports?: { containerPort: number }[] }[] } } };
  };
  for (const container of copy.spec.template.spec.containers) {
    const others = (container.args ?? []).filter((argument) => !argument.startsWith('--listen='));
    container.args = [`--listen=127.0.0.1:${port}`, ...others];
    for (const each of container.ports ?? []) each.containerPort = port;
  }
  return copy;
}
