// Follows the ConfigMaps and Secrets that volumes of running Pods are made of, one watch for each, however many Pods use it.
import type { Clock } from '../../../src/base/clock.ts';
import { errorText } from '../../../src/base/errors.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { configMaps, secrets } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { LabPod } from './pod-view.ts';

export interface SourceWatch {
  /** From here on `onChange` is told of the Pod when one of its sources changes. Repeating is fine. */
  follow(pod: LabPod): void;
  /** Unknown uids are fine. */
  unfollow(podUid: string): void;
  /** Ends every watch. */
  close(): void;
}

interface Source {
  readonly followers: Set<string>;
  readonly stop: AbortController;
}

export function createSourceWatch(
  deps: { readonly client: KubeClient; readonly clock: Clock; readonly logger: Logger },
  onChange: (podUid: string) => void,
): SourceWatch {
  const sources = new Map<string, Source>();

  const open = (kind: 'ConfigMap' | 'Secret', namespace: string, name: string): Source => {
    const source: Source = { followers: new Set(), stop: new AbortController() };
    const options = {
      ...deps,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      // Only that it changed matters here; the content is read when it is written down.
      project: ({
        apiVersion,
        kind: own,
        metadata,
      }: {
        apiVersion: string;
        kind: string;
        metadata: LabPod['metadata'];
      }) => ({
        apiVersion,
        kind: own,
        metadata: {
          name: metadata.name,
          namespace,
          uid: metadata.uid ?? '',
          resourceVersion: metadata.resourceVersion ?? '',
        },
      }),
    };
    const informer =
      kind === 'ConfigMap'
        ? createInformer({ ...options, resource: configMaps })
        : createInformer({ ...options, resource: secrets });
    informer.onChange(() => {
      for (const uid of source.followers) onChange(uid);
    });
    informer.run(source.stop.signal).catch((error: unknown) => {
      deps.logger.warn({ kind, namespace, name, error: errorText(error) }, 'a source of volumes is no longer followed');
    });
    return source;
  };

  return {
    follow: (pod) => {
      const { uid = '', namespace = 'default' } = pod.metadata;
      for (const { kind, name } of volumeSources(pod)) {
        const key = `${kind}/${namespace}/${name}`;
        const source = sources.get(key) ?? open(kind, namespace, name);
        sources.set(key, source);
        source.followers.add(uid);
      }
    },
    unfollow: (podUid) => {
      for (const [key, source] of sources) {
        if (!source.followers.delete(podUid) || source.followers.size > 0) continue;
        source.stop.abort();
        sources.delete(key);
      }
    },
    close: () => {
      for (const source of sources.values()) source.stop.abort();
      sources.clear();
    },
  };
}

/** What the volumes of a Pod are made of; its environment does not follow changes and is not among them. Pure. */
export function volumeSources(
  pod: LabPod,
): readonly { readonly kind: 'ConfigMap' | 'Secret'; readonly name: string }[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    const projected = volume.projected?.sources ?? [];
    const maps = [volume.configMap?.name, ...projected.map(({ configMap }) => configMap?.name)];
    const hidden = [volume.secret?.secretName, ...projected.map(({ secret }) => secret?.name)];
    const named = (kind: 'ConfigMap' | 'Secret', names: readonly (string | undefined)[]) =>
      names.flatMap((name) => (name === undefined ? [] : [{ kind, name }]));
    return [...named('ConfigMap', maps), ...named('Secret', hidden)];
  });
}
