// Objects reduced to their metadata, as garbage collectors and metadata informers ask for them.
import type { ApiObject, JsonObject } from '../json.ts';
import type { Form } from './negotiation.ts';

/** meta.k8s.io PartialObjectMetadata of an object. */
export const partialMetadata = (object: ApiObject, version: Form['metaVersion']): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: object.metadata,
});

/** meta.k8s.io PartialObjectMetadataList of objects. */
export const partialMetadataList = (
  objects: readonly ApiObject[],
  listMeta: JsonObject,
  version: Form['metaVersion'],
): JsonObject => ({
  kind: 'PartialObjectMetadataList',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: listMeta,
  items: objects.map((object) => partialMetadata(object, version)),
});
