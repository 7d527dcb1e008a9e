// What the CEL cases share: a custom resource of the case's own with the rules in question.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface Defined {
  /** `Thing.<group>`, as messages name the kind. */
  readonly kind: string;
  create(name: string, spec: unknown, more?: object): Promise<Answer>;
  /** A merge patch of the whole object. */
  patch(name: string, patch: object): Promise<Answer>;
}

/** The body of a definition whose objects have `schema` at `spec`; `root` overrides members of the whole schema. */
export function definitionOf(group: string, spec: object, root: object = {}): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec }, ...root } },
        },
      ],
    },
  };
}

/** Tries to store a definition with `schema` at `spec`; what is stored goes with the case. */
export async function tryDefine(
  t: ParityContext,
  spec: object,
  root: object = {},
): Promise<Answer & { readonly group: string }> {
  const group = `${t.unique('cel')}.example.com`;
  const answer = await t.http.call('POST', definitions, definitionOf(group, spec, root));
  if (answer.code === 201) t.defer(() => t.http.call('DELETE', `${definitions}/things.${group}`));
  return { ...answer, group };
}

/** Stores a definition and waits until it is served. */
export async function define(t: ParityContext, spec: object, root: object = {}): Promise<Defined> {
  const { code, group, text } = await tryDefine(t, spec, root);
  assert.equal(code, 201, text);
  const path = `/apis/${group}/v1/namespaces/${t.namespace}/things`;
  await t.until('the custom resource to be served', async () =>
    (await t.http.get(path)).code === 200 ? true : undefined,
  );
  const identity = { apiVersion: `${group}/v1`, kind: 'Thing' };
  return {
    kind: `Thing.${group}`,
    create: (name, value, more = {}) =>
      t.http.call('POST', path, { ...identity, metadata: { name }, spec: value, ...more }),
    patch: (name, patch) => t.http.patch('merge', `${path}/${name}`, patch),
  };
}

/** Causes of a refusal as `field: message`. */
export const causesOf = ({ body }: Answer): readonly string[] =>
  ((body['details']?.causes ?? []) as { field?: string; message: string }[]).map(
    (cause) => `${cause.field}: ${cause.message}`,
  );

/** Rules as a schema carries them. */
export const rules = (...list: readonly (string | object)[]): object => ({
  'x-kubernetes-validations': list.map((rule) => (typeof rule === 'string' ? { rule } : rule)),
});
