// The history of a template: which revision the owner's template is, and which old ones may go. Pure.
import type { KubeObject } from '../../../../src/kube/types.ts';
import { controlledBy } from '../ownership.ts';
import type { PodTemplate } from '../views.ts';
import { canonicalTemplate, templateHash } from './template-hash.ts';
import type { ControllerRevision } from './view.ts';

/** The label of a revision that carries its hash: StatefulSets and DaemonSets name it differently. */
export type RevisionLabel = 'controller.kubernetes.io/hash' | 'controller-revision-hash';

export type RevisionStep =
  | { readonly kind: 'keep'; readonly revision: ControllerRevision }
  | { readonly kind: 'create'; readonly revision: ControllerRevision }
  /** The template of an older revision is back: it becomes the newest. */
  | { readonly kind: 'renumber'; readonly revision: ControllerRevision };

interface Owner extends KubeObject {
  spec: { template: PodTemplate };
}

/** Oldest first. */
export const inOrder = (revisions: readonly ControllerRevision[]): ControllerRevision[] =>
  revisions.toSorted(
    (one, other) => one.revision - other.revision || one.metadata.name.localeCompare(other.metadata.name),
  );

/** The template that a revision holds, without the mark that makes the patch replace it. */
export function templateOf(revision: ControllerRevision): PodTemplate {
  const { $patch: _mark, ...template } = revision.data?.spec?.template ?? {};
  return template as unknown as PodTemplate;
}

/** What makes the newest revision hold the owner's template. `collisions` counts names that other templates have taken. */
export function planRevision(
  owner: Owner,
  label: RevisionLabel,
  existing: readonly ControllerRevision[],
  collisions: number,
): RevisionStep {
  const sorted = inOrder(existing);
  const next = (sorted.at(-1)?.revision ?? 0) + 1;
  const wanted = canonicalTemplate(owner.spec.template);
  const found = sorted.filter((each) => canonicalTemplate(templateOf(each)) === wanted).at(-1);
  if (found !== undefined)
    return found === sorted.at(-1)
      ? { kind: 'keep', revision: found }
      : { kind: 'renumber', revision: { ...found, revision: next } };
  const hash = templateHash(owner.spec.template, collisions);
  const { annotations, name, namespace = 'default' } = owner.metadata;
  return {
    kind: 'create',
    revision: {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${name.slice(0, 223)}-${hash}`,
        namespace,
        labels: { ...owner.spec.template.metadata?.labels, [label]: hash },
        ...(annotations === undefined ? {} : { annotations }),
        ownerReferences: [controlledBy(owner)],
      },
      data: { spec: { template: { ...owner.spec.template, $patch: 'replace' } } },
      revision: next,
    },
  };
}

/** The oldest of those that nothing uses, beyond `limit`. */
export function surplusRevisions(
  revisions: readonly ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
  limit: number,
): ControllerRevision[] {
  const unused = inOrder(revisions).filter((revision) => !isLive(revision));
  return unused.slice(0, Math.max(0, unused.length - limit));
}
