// How a daemon is told to stop.

/** Aborts at the first SIGTERM or SIGINT, with the signal's name as the reason. For `main/` only. */
export function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(new Error(signal)));
  return stop.signal;
}
