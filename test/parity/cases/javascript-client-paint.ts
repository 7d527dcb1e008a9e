// A custom resource for the JavaScript client's cases: defined, served and discoverable when it is handed out.
import type { ParityContext } from '../context.ts';

export interface Paint {
  readonly group: string;
  /** `apiVersion` and `kind` of its objects. */
  readonly type: { readonly apiVersion: string; readonly kind: 'Paint' };
  /** Its collection in the case's namespace. */
  readonly path: string;
}

/** Defines `paints` in a group of the case's own, with a `spec` of a colour and a number of litres and a `status`; undone at the end. */
export async function definePaint(t: ParityContext): Promise<Paint> {
  const group = `${t.unique('paint')}.example.com`;
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const spec = {
    type: 'object',
    properties: { colour: { type: 'string' }, litres: { type: 'integer', maximum: 100 } },
  };
  const status = { type: 'object', properties: { dry: { type: 'boolean' } } };
  t.defer(() => t.http.call('DELETE', `${definitions}/paints.${group}`));
  await t.http.ok('POST', definitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `paints.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'paints', singular: 'paint', kind: 'Paint', listKind: 'PaintList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
        },
      ],
    },
  });
  const path = `/apis/${group}/v1/namespaces/${t.namespace}/paints`;
  await t.until(`${group}/v1 served`, async () => {
    const [listed, discovered] = [await t.http.get(path), await t.http.get(`/apis/${group}/v1`)];
    return listed.code === 200 && discovered.code === 200 ? true : undefined;
  });
  return { group, type: { apiVersion: `${group}/v1`, kind: 'Paint' }, path };
}
