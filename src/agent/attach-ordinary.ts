// The network of a Pod without a sub-ENI, by the IP mode that ipamd says is in force.
import { isStaticMode, attachShared } from './attach-shared.ts';
import { attachStatic } from './attach-static.ts';
import type { Attachment, AttachRequest } from './attachment.ts';

/**
 * From the node's pool, or the address that ipamd bound for this Pod. The mode may become known, or change, while the Pod waits. Rejects as the one
 * or the other does.
 */
export async function attachOrdinary(asked: AttachRequest): Promise<Attachment> {
  const pooled = isStaticMode(asked.deps) ? undefined : await attachShared(asked);
  return pooled ?? (await attachStatic(asked));
}
