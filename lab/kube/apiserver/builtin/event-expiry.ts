// Events are forgotten an hour after their last change, as on a real server.
import type { Clock } from '../../../../src/base/clock.ts';
import { collectionId, objectKey } from '../registry/definition.ts';
import type { Store } from '../storage/store.ts';

const EVENT_LIFE_MS = 3_600_000;

/** From now on every Event lives for an hour, and for another after each change. */
export function expireEvents({ store, clock }: { readonly store: Store; readonly clock: Clock }): void {
  const events = store.collection(collectionId({ group: '', plural: 'events' }));
  events.subscribe(({ type, current }) => {
    if (type === 'DELETED') return;
    const { namespace, name } = current.object.metadata;
    clock.after(EVENT_LIFE_MS, () => {
      // A newer version has a timer of its own; then this one finds nothing to remove.
      events.remove(objectKey(namespace, name), current, current.object);
    });
  });
}
