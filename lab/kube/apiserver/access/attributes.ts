// What a request wants to do, as authorizers see it, and the sentence that refuses it.
import type { User } from './user.ts';

export type Attributes =
  | {
      readonly kind: 'resource';
      readonly verb: string;
      readonly group: string;
      /** `pods` or `pods/status`. */
      readonly resource: string;
      readonly namespace: string | undefined;
      /** '' when the request is about the whole collection. */
      readonly name: string;
    }
  | { readonly kind: 'path'; readonly verb: string; readonly path: string };

/** The sentence of a refusal, as kubectl prints it after `is forbidden:`, without the authorizer's reason. */
export function refusal(user: User, attributes: Attributes): string {
  return attributes.kind === 'path'
    ? `User ${quoted(user.name)} cannot ${attributes.verb} path ${quoted(attributes.path)}`
    : `User ${quoted(user.name)} cannot ${attributes.verb} resource ${quoted(attributes.resource)} in API group ${quoted(attributes.group)} ${scopeOf(attributes.namespace)}`;
}

const scopeOf = (namespace: string | undefined): string =>
  (namespace ?? '') === '' ? 'at the cluster scope' : `in the namespace ${quoted(namespace ?? '')}`;

/** Quoted, and without what a browser could take for markup. */
const quoted = (text: string): string =>
  JSON.stringify(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
