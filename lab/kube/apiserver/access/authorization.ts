// The step of a request between who sends it and what it does: may they?
import { forbidden, StatusError } from '../status.ts';
import type { Attributes } from './attributes.ts';
import { refusal } from './attributes.ts';
import type { Authorizer } from './rbac.ts';
import type { User } from './user.ts';

/** Throws 403 with the sentence of a real server, the authorizer's reason behind it when it gives one. */
export function authorize(authorizer: Authorizer, user: User, attributes: Attributes): void {
  const { allowed, reason } = authorizer.decide(user, attributes);
  if (allowed) return;
  const why = refusal(user, attributes) + (reason === '' ? '' : `: ${reason}`);
  if (attributes.kind === 'path') throw new StatusError(403, 'Forbidden', `forbidden: ${why}`, {});
  throw forbidden({ group: attributes.group, plural: attributes.resource.split('/')[0] ?? '' }, attributes.name, why);
}
