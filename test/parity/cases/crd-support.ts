// Definitions that cases make for themselves: a group of their own each, waited for, and removed afterwards.
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** JSON that is built up as cases need it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Version {
  readonly name: string;
  readonly served?: boolean;
  readonly storage?: boolean;
  /** Of `spec`; default: anything goes. */
  readonly spec?: Schema;
  /** The whole schema, in place of one around `spec`. */
  readonly schema?: Schema;
  /** Further members of the version. */
  readonly more?: Schema;
}

export interface Definition {
  readonly plural: string;
  readonly kind: string;
  readonly group: string;
  /** `plural.group` */
  readonly name: string;
  /** What is posted. */
  readonly body: { readonly metadata: Schema; readonly spec: Record<string, unknown> } & Schema;
  /** Its own path. */
  readonly path: string;
  /** Where its objects are, in the case's namespace, under a version. */
  objects(version?: string): string;
  /** An object of it. */
  object(name: string, spec?: unknown, more?: Schema): Schema;
}

export const anything: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** A definition that nobody has posted yet, of namespaced Gadgets in a group of the case. */
export function definition(t: ParityContext, versions: readonly Version[], more: Schema = {}): Definition {
  const group = `${t.unique('parity')}.example.com`;
  const [plural, kind] = ['gadgets', 'Gadget'];
  const name = `${plural}.${group}`;
  const first = versions[0]?.name ?? 'v1';
  return {
    plural,
    kind,
    group,
    name,
    path: `${definitionsPath}/${name}`,
    body: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural, kind },
        versions: versions.map((version, index) => ({
          name: version.name,
          served: version.served ?? true,
          storage: version.storage ?? index === 0,
          schema: {
            openAPIV3Schema: version.schema ?? { type: 'object', properties: { spec: version.spec ?? anything } },
          },
          ...version.more,
        })),
        ...more,
      },
    },
    objects: (version = first) => `/apis/${group}/${version}/namespaces/${t.namespace}/${plural}`,
    object: (objectName, spec = {}, rest = {}) => ({
      apiVersion: `${group}/${first}`,
      kind,
      metadata: { name: objectName },
      spec,
      ...rest,
    }),
  };
}

/** Posts a definition, removes it afterwards, and waits until its objects can be listed. */
export async function served(t: ParityContext, made: Definition): Promise<Definition> {
  t.defer(() => t.http.call('DELETE', made.path));
  await t.http.ok('POST', definitionsPath, made.body);
  await untilListed(t, made);
  return made;
}

/** Waits until a version is served. */
export async function untilListed(t: ParityContext, made: Definition, version?: string): Promise<void> {
  await t.until(`${made.name} to be served`, async () => {
    const { code } = await t.http.get(made.objects(version));
    return code === 200 ? true : undefined;
  });
}

/** A definition with one version `v1` whose `spec` has a schema, served. */
export const servedWith = (t: ParityContext, spec: Schema): Promise<Definition> =>
  served(t, definition(t, [{ name: 'v1', spec: { type: 'object', ...spec } }]));

/** Posts an object of a definition. */
export const create = (t: ParityContext, made: Definition, name: string, spec: unknown): Promise<Answer> =>
  t.http.call('POST', made.objects(), made.object(name, spec));

/** Changes a definition with a JSON patch and waits until `isThere` sees the change; every server follows in its own time. */
export async function changed(
  t: ParityContext,
  made: Definition,
  patch: readonly Schema[],
  isThere: () => Promise<boolean>,
): Promise<void> {
  const answer = await t.http.patch('json', made.path, patch);
  if (answer.code !== 200) throw new Error(`${made.name}: ${answer.code} ${answer.text}`);
  await t.until(`the change of ${made.name}`, async () => ((await isThere()) ? true : undefined));
}
