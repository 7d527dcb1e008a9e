// Names in the kernel for things of the cloud: short enough, harmless in generated text, and never the same for two things.
import { createHash } from 'node:crypto';

const INTERFACE_NAME_MAX = 15;

/** The fabric's end of an ENI's link: `p` and the id without its prefix, or a digest where that is too long. */
export function portName(eniId: string): string {
  const short = eniId.replace(/^eni-/, '');
  return /^[a-z0-9]+$/.test(short) && short.length < INTERFACE_NAME_MAX ? `p${short}` : `px${digest(eniId)}`;
}

/** The part of a chain's or set's name that stands for a security group. */
export function groupName(securityGroupId: string): string {
  const short = securityGroupId.replace(/^sg-/, '');
  // The upper-case mark keeps a digest apart from every short id.
  return /^[a-z0-9]{1,20}$/.test(short) && short !== securityGroupId ? short : `X${digest(securityGroupId)}`;
}

/** The same for an ordered list of groups; two orders are two lists. */
export function listName(securityGroupIds: readonly string[]): string {
  const joined = securityGroupIds.map(groupName).join('_');
  return joined.length <= 60 ? joined : `X${digest(joined)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
