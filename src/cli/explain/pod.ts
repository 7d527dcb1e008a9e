// `trunkline explain pod`: gathers, explains, prints.
import { z } from 'zod';

import { errorText } from '../../base/errors.ts';
import { findNamespaced } from '../../diagnose/explain/find.ts';
import { explainPod, type PodExplanation } from '../../diagnose/explain/pod.ts';
import type { PodEvent } from '../../diagnose/explain/pod-life.ts';
import type { Pod } from '../../kube/resources.ts';
import { events } from '../../kube/resources.ts';
import type { CliSession } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { meant } from '../meant.ts';
import { renderPod } from './render-pod.ts';

/** Exit code 1 when the Pod waits, or has groups that it should not have, or lacks some. */
export async function explainPodCommand(session: CliSession, name: string): Promise<number> {
  const picture = await session.picture();
  const wanted = { text: name, namespace: await session.namespace(), elsewhere: !session.namespaceGiven };
  const pod = meant('Pod', name, findNamespaced(picture.kube.pods, wanted), picture, 'pods');
  const explanation = explainPod(picture, pod, await eventsOf(session, pod));
  session.print(explanation, () => renderPod(explanation, session.style));
  return wantsAttention(explanation) ? exitCodes.attention : exitCodes.ok;
}

function wantsAttention({ waiting, groups, policies }: PodExplanation): boolean {
  return (
    waiting !== undefined ||
    groups.some(({ inForce, exists }) => inForce === false || exists === false) ||
    policies.some(({ answer }) => answer === 'differs' || answer === 'failed')
  );
}

const eventSchema = z.looseObject({
  type: z.string().default('Normal'),
  reason: z.string().default(''),
  message: z.string().default(''),
  count: z.number().nullish(),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  metadata: z.looseObject({ creationTimestamp: z.string().nullish() }),
});

/** None, with a warning, when they may not be read. */
async function eventsOf(session: CliSession, pod: Pod): Promise<readonly PodEvent[]> {
  try {
    const client = await session.kube();
    const { items } = await client.list(events, {
      namespace: pod.metadata.namespace ?? '',
      fieldSelector: `involvedObject.uid=${pod.metadata.uid ?? ''}`,
      signal: session.signal,
    });
    return items.flatMap((item): PodEvent[] => {
      const read = eventSchema.safeParse(item).data;
      if (read === undefined) return [];
      const at = read.lastTimestamp ?? read.eventTime ?? read.metadata.creationTimestamp ?? '';
      return [{ type: read.type, reason: read.reason, message: read.message, at, count: read.count ?? 1 }];
    });
  } catch (error) {
    session.signal.throwIfAborted();
    session.warn(`the Events of the Pod cannot be read: ${errorText(error)}`);
    return [];
  }
}
