// Reading manifests: what kustomize would read, and refusals that name file and reason.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadKustomization, loadYaml } from './manifests.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-manifests-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(path: string, text: string): Promise<string> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
  return join(folder, path);
}

describe('loadYaml', () => {
  it('gives every document and skips empty ones', async () => {
    const file = await write(
      'two.yaml',
      'apiVersion: v1\nkind: A\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: B\nmetadata: {name: b}\n',
    );
    expect((await loadYaml(file)).map((object) => object.kind)).toEqual(['A', 'B']);
  });

  it('refuses what is no Kubernetes object, naming file and field', async () => {
    const file = await write('wrong.yaml', 'kind: A\nmetadata: {name: a}\n');
    await expect(loadYaml(file)).rejects.toThrow(/wrong\.yaml: not a Kubernetes object: apiVersion/);
  });

  it('refuses broken YAML with its position', async () => {
    const file = await write('broken.yaml', 'a: [1\nb: 2\n');
    await expect(loadYaml(file)).rejects.toThrow(/broken\.yaml: .*line/s);
  });
});

describe('loadKustomization', () => {
  it('follows resources and components, folders and files', async () => {
    await write('base/a.yaml', 'apiVersion: v1\nkind: A\nmetadata: {name: a}\n');
    await write(
      'base/kustomization.yaml',
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n',
    );
    await write('part/b.yaml', 'apiVersion: v1\nkind: B\nmetadata: {name: b}\n');
    await write(
      'part/kustomization.yaml',
      'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [b.yaml]\n',
    );
    await write(
      'all/kustomization.yaml',
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../base]\ncomponents: [../part]\n',
    );
    expect((await loadKustomization(join(folder, 'all'))).map((object) => object.kind)).toEqual(['A', 'B']);
  });

  it('refuses a field that it would have to ignore', async () => {
    await write(
      'patched/kustomization.yaml',
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\npatches: []\n',
    );
    await expect(loadKustomization(join(folder, 'patched'))).rejects.toThrow(/patches/);
  });
});
