// Writes that are only tried: each is told to somebody, and the server checks it without keeping it (`dryRun=All`).
import type { ApiCaller } from './api-caller.ts';

/** One write as it would have gone out. */
export interface TriedWrite {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly body: unknown;
}

/** The same caller for reads. Events are not even tried, since they would tell people of things that did not happen. */
export function dryRunCaller(caller: ApiCaller, tell: (write: TriedWrite) => void): ApiCaller {
  return {
    ...caller,
    call: (request) => {
      const { method, path, body } = request;
      if (method === 'GET') return caller.call(request);
      const [bare = path, query] = path.split('?');
      if (!isEvent(bare)) tell({ method, path: bare, body });
      const tried = `${bare}?${query === undefined ? '' : `${query}&`}dryRun=All`;
      return caller.call({ ...request, path: tried });
    },
  };
}

const isEvent = (path: string): boolean => /\/events(\/|$)/.test(path);
