// Writes the history of a template: the newest revision is the owner's, and no more old ones are kept than asked for.
import { isAlreadyExists } from '../../../../src/kube/api-error.ts';
import type { KubeClient } from '../../../../src/kube/types.ts';
import type { RevisionStep } from './history.ts';
import { canonicalTemplate } from './template-hash.ts';
import { controllerRevisions } from './view.ts';
import type { ControllerRevision } from './view.ts';

/** The revision as it is in the API now; `collision` when another template has its name. Throws ApiError. */
export async function writeRevision(
  client: KubeClient,
  { kind, revision }: RevisionStep,
): Promise<ControllerRevision | 'collision'> {
  const { name, namespace = 'default' } = revision.metadata;
  if (kind === 'keep') return revision;
  if (kind === 'renumber') {
    const body = { metadata: { resourceVersion: revision.metadata.resourceVersion }, revision: revision.revision };
    return await client.patch(controllerRevisions, name, { type: 'merge', body }, { namespace });
  }
  try {
    return await client.create(controllerRevisions, revision, { namespace });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const there = await client.get(controllerRevisions, name, { namespace });
    return canonicalTemplate(there.data) === canonicalTemplate(revision.data) ? there : 'collision';
  }
}

export async function dropRevisions(client: KubeClient, surplus: readonly ControllerRevision[]): Promise<void> {
  for (const { metadata } of surplus)
    await client.delete(controllerRevisions, metadata.name, {
      namespace: metadata.namespace ?? 'default',
      preconditions: { uid: metadata.uid ?? '' },
    });
}
