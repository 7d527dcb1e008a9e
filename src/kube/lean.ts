// Objects as informers keep them in memory: without what no program reads and every object carries a lot of.
import type { Node } from './resources.ts';
import type { KubeObject } from './types.ts';

/** Without managedFields. An update without them leaves the server's as they are. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (!('managedFields' in object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Without managedFields, images and volumes, which are most of a Node. */
export function leanNode(node: Node): Node {
  const { apiVersion, kind, metadata, spec, status } = withoutManagedFields(node);
  const { capacity, allocatable, addresses, conditions, nodeInfo } = status ?? {};
  return {
    apiVersion,
    kind,
    metadata,
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined
      ? {}
      : {
          status: {
            ...(capacity === undefined ? {} : { capacity }),
            ...(allocatable === undefined ? {} : { allocatable }),
            ...(addresses === undefined ? {} : { addresses }),
            ...(conditions === undefined ? {} : { conditions }),
            ...(nodeInfo === undefined ? {} : { nodeInfo }),
          },
        }),
  };
}
