// From an object to the key of the object that controls it, for watches.
import type { InformerChange, KubeObject, ObjectKey } from '../../../src/kube/types.ts';
import { controllerOf } from './ownership.ts';

/** Keys of the owners of this kind, before and after the change. */
export const keysOfOwner =
  (kind: string) =>
  ({ before, after }: InformerChange<KubeObject>): readonly ObjectKey[] => {
    const keys = [before, after].flatMap((object) => {
      const owner = object === undefined ? undefined : controllerOf(object);
      return owner?.kind === kind ? [`${object?.metadata.namespace ?? 'default'}/${owner.name}`] : [];
    });
    return [...new Set(keys)];
  };
