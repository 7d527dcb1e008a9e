// For tests: plays one story on a fresh lab with real packets and fails with every line that it printed.
import { resolve } from 'node:path';

import { expect } from 'vitest';

import { installHint, probeHost } from '../../host/probe.ts';
import { chooseApi } from '../../kube/cluster-api.ts';
import { findKubectl } from '../../kubectl.ts';
import { startLab } from '../../lab.ts';
import { createStoryContext, type Story } from '../story.ts';

/** Needs root or user namespaces; fails, naming what is missing, where there are none. */
export async function playStory(story: Story): Promise<void> {
  const probe = probeHost();
  expect(installHint(probe.missing), 'system tools').toBeUndefined();
  expect(probe.root || probe.userns, 'root or user namespaces').toBe(true);
  const lines: string[] = [];
  const failures: unknown[] = [];
  const lab = await startLab({
    ...story.lab,
    projectDir: resolve(import.meta.dirname, '..', '..', '..'),
    progress: (line) => lines.push(line),
    onFailure: (error) => failures.push(error),
    api: chooseApi(undefined, process.env),
  });
  try {
    const kubectl = await findKubectl(lab.kubeconfig, process.env);
    // In CI the documents' commands are run; elsewhere the story says that they were not.
    if (process.env['CI'] === 'true') expect(kubectl).toMatchObject({ kind: 'present' });
    await story.run(createStoryContext(lab, kubectl, (line) => lines.push(line)));
  } catch (error) {
    throw new Error(`${lines.join('\n')}\n${String(error)}`, { cause: error });
  } finally {
    await lab.close();
  }
  expect(failures).toEqual([]);
}
