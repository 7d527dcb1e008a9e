// Who waits for the fabric to have caught up, by snapshot version or by revision of its inputs.

/** How far the fabric came. */
export interface Progress {
  readonly revision: number;
  readonly version: number;
}

/** Promises that follow the fabric's progress. */
export interface Waiters {
  forRevision(revision: number): Promise<void>;
  /** Rejects at once when this version is known to fail. */
  forVersion(version: number): Promise<void>;
  reached(progress: Progress): void;
  /** Rejects who waits for this or less, and who asks for this version later. */
  failed(progress: Progress, error: unknown): void;
  /** A new snapshot came: forget which version failed. */
  forgive(): void;
  failAll(error: unknown): void;
}

interface Waiter {
  readonly isCovered: (progress: Progress) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Nobody waits at first, nothing has failed. */
export function createWaiters(): Waiters {
  let waiting: Waiter[] = [];
  let failure: { readonly version: number; readonly error: unknown } | undefined;

  const wait = async (isCovered: Waiter['isCovered']): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      waiting.push({ isCovered, resolve, reject });
    });
  };
  const takeCovered = (progress: Progress): Waiter[] => {
    const covered = waiting.filter((waiter) => waiter.isCovered(progress));
    waiting = waiting.filter((waiter) => !covered.includes(waiter));
    return covered;
  };

  return {
    forRevision: async (revision) => await wait((progress) => progress.revision >= revision),
    forVersion: async (version) => {
      if (failure !== undefined && failure.version >= version) throw failure.error;
      await wait((progress) => progress.version >= version);
    },
    reached: (progress) => {
      failure = undefined;
      for (const waiter of takeCovered(progress)) waiter.resolve();
    },
    failed: (progress, error) => {
      failure = { version: progress.version, error };
      for (const waiter of takeCovered(progress)) waiter.reject(error);
    },
    forgive: () => {
      failure = undefined;
    },
    failAll: (error) => {
      for (const waiter of waiting) waiter.reject(error);
      waiting = [];
    },
  };
}
