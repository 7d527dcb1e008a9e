// The sentence in which a precondition that does not hold is reported: it names the object's key in a real server's etcd.
import type { Scope } from '../core.ts';

/** Where etcd keeps kinds that are not filed under their resource's name. */
const folders: Readonly<Record<string, string>> = {
  endpoints: 'services/endpoints',
  nodes: 'minions',
  services: 'services/specs',
};

/** `StorageError: invalid object, Code: 4, Key: /registry/...` with what was not as expected. */
export function storageError(
  { definition, namespace, name }: Pick<Scope, 'definition' | 'namespace' | 'name'>,
  text: string,
): string {
  const { group, plural, custom } = definition;
  const grouped = custom || group === 'apiextensions.k8s.io';
  const folder = grouped ? `${group}/${plural}` : ((group === '' ? folders[plural] : undefined) ?? plural);
  const key = ['/registry', folder, ...(namespace === undefined ? [] : [namespace]), name].join('/');
  return `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${text}`;
}
