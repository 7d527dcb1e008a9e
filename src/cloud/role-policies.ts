// Which CAM policies are attached to a role: cam's ListAttachedRolePolicies, all of its pages.
import type { ApiCaller } from './api-caller.ts';
import { rolePoliciesPage } from './decode.ts';
import { CloudError, cloudErrors } from './errors.ts';
import type { CloudCall } from './vpc-cloud.ts';

const ACTION = 'ListAttachedRolePolicies';

/** GUESS: pages count from 1 and take at most 200 (cam is not in the facts). */
const PAGE = 200;

/** All names, or CLOUD-LISTING-UNSTABLE when pages give fewer than they announce. */
export async function listRolePolicies(
  caller: ApiCaller,
  roleName: string,
  call: CloudCall | undefined,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (let number = 1; ; number += 1) {
    const body = { RoleName: roleName, Page: number, Rp: PAGE };
    const page = await caller.read({ service: 'cam', action: ACTION, body, answer: rolePoliciesPage }, call);
    found.push(...page.items);
    if (found.length >= page.total) return found;
    if (page.items.length > 0) continue;
    const message = `${ACTION} gave ${found.length} of ${page.total} policies of role ${roleName}`;
    throw new CloudError(cloudErrors.listingUnstable, message, { action: ACTION });
  }
}
