// Doing something for each of many numbers, a few at a time.

/** Calls `act` with 0 to `count - 1`, at most `concurrency` at a time, in order of beginning. Rejects with the first failure. */
export async function eachOf(count: number, concurrency: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < count && !failed) {
      const index = next;
      next += 1;
      try {
        await act(index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
}
