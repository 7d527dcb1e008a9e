// The YAML of the product's documents, byte for byte as printed there, and the definitions of the kinds it uses.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ParityContext } from '../context.ts';

const CRDS = join(import.meta.dirname, '../../../deploy/crds');

export const documentPath = (name: string): string => join(import.meta.dirname, name);

/** The text of `NNN-name.yaml`. */
export const readDocument = (name: string): Promise<string> => readFile(documentPath(name), 'utf8');

/** The objects of a text with several, as texts. */
export const objectsOf = (text: string): readonly string[] => text.split(/^---\n/m);

/** The request headers of a YAML body. */
export const yaml = { headers: { 'content-type': 'application/yaml' } } as const;

/** Makes an object of the cluster unless it is there; what is made is removed afterwards, and waited for when it is still going. */
async function ensure(t: ParityContext, collection: string, name: string, body: unknown, options = {}): Promise<void> {
  const path = `${collection}/${name}`;
  await t.until(`${path} to be there`, async () => {
    const found = await t.http.get(path);
    if (found.code === 200) return found.body['metadata'].deletionTimestamp === undefined ? found : undefined;
    const made = await t.http.call('POST', collection, body, options);
    if (made.code !== 201) return undefined;
    t.defer(async () => {
      await t.http.call('DELETE', path);
      // What the next case, or the definition of a kind that lives here, must not meet half gone.
      await t.until(`${path} to be gone`, isGone(t, path)).catch(() => undefined);
    });
    return made;
  });
}

const isGone = (t: ParityContext, path: string) => async (): Promise<true | undefined> =>
  (await t.http.get(path)).code === 404 ? true : undefined;

/** The Namespace that a document names. */
export const useNamespace = (t: ParityContext, name: string): Promise<void> =>
  ensure(t, '/api/v1/namespaces', name, { metadata: { name } })
    .then(() =>
      t.until(`the default ServiceAccount of ${name}`, async () => {
        const { code } = await t.http.get(`/api/v1/namespaces/${name}/serviceaccounts/default`);
        return code === 200 || !t.server.offers.has('controllers') ? true : undefined;
      }),
    )
    .then(() => undefined);

/** One of the project's own kinds, by the name of its definition; `until` it is established. */
export async function useDefinition(t: ParityContext, name: string): Promise<void> {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await ensure(t, definitions, name, await readFile(join(CRDS, `${name}.yaml`), 'utf8'), yaml);
  await t.until(`${name} to be established`, async () => {
    const { body } = await t.http.get(`${definitions}/${name}`);
    const conditions: readonly { type: string; status: string }[] = body['status']?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Established' && status === 'True') ? true : undefined;
  });
  const [plural = '', ...group] = name.split('.');
  // Discovery follows a moment later, and kubectl reads it once.
  await t.until(`${plural} to be discovered`, async () => {
    const { body } = await t.http.get(`/apis/${group.join('.')}`);
    const { code } = await t.http.get(
      `/apis/${group.join('.')}/${body['preferredVersion']?.version ?? 'v1'}/${plural}`,
    );
    return code === 200 ? true : undefined;
  });
}
