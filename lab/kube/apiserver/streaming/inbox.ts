// Pieces of data on their way from a connection to whoever reads them, with a signal when too many wait.

export interface Inbox<T> {
  readonly items: AsyncIterable<T>;
  /** True when the sender should be held up until `onRoom`. */
  put(item: T, weight: number): boolean;
  /** No more come; what waits can still be read. */
  end(): void;
}

/** An inbox for senders that can wait. */
export interface WaitingInbox<T> {
  readonly items: AsyncIterable<T>;
  /** Resolves when more may be put. */
  put(item: T, weight: number): Promise<void>;
  end(): void;
}

/** Like `createInbox`; who waits when it ends goes on. */
export function createWaitingInbox<T>(limit: number): WaitingInbox<T> {
  const room: { wait: PromiseWithResolvers<void> | undefined } = { wait: undefined };
  const goOn = (): void => {
    room.wait?.resolve();
    room.wait = undefined;
  };
  const inbox = createInbox<T>(limit, goOn);
  return {
    items: inbox.items,
    put: async (item, weight) => {
      if (inbox.put(item, weight)) room.wait ??= Promise.withResolvers();
      await room.wait?.promise;
    },
    end: () => {
      inbox.end();
      goOn();
    },
  };
}

/** `onRoom` is called when half of `limit` (in weights) is free again. One reader. */
export function createInbox<T>(limit: number, onRoom: () => void = () => undefined): Inbox<T> {
  const waiting: { readonly item: T; readonly weight: number }[] = [];
  const state: { weight: number; full: boolean; ended: boolean; wake: () => void } = {
    weight: 0,
    full: false,
    ended: false,
    wake: () => undefined,
  };
  const next = async (): Promise<IteratorResult<T, undefined>> => {
    for (;;) {
      const first = waiting.shift();
      if (first !== undefined) {
        state.weight -= first.weight;
        if (state.full && state.weight <= limit / 2) {
          state.full = false;
          onRoom();
        }
        return { value: first.item, done: false };
      }
      if (state.ended) return { value: undefined, done: true };
      await new Promise<void>((resolve) => (state.wake = resolve));
    }
  };
  return {
    items: { [Symbol.asyncIterator]: () => ({ next }) },
    put: (item, weight) => {
      if (state.ended) return false;
      waiting.push({ item, weight });
      state.weight += weight;
      state.full ||= state.weight >= limit;
      state.wake();
      return state.full;
    },
    end: () => {
      state.ended = true;
      state.wake();
    },
  };
}
