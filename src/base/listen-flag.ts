// The flag of a server's address.
import { z } from 'zod';

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, or `:port` for every address, with an IPv6 host in brackets; port 0 takes any free one. */
export const listenFlag = (fallback: string): z.ZodType<ListenAddress, string | undefined> =>
  z
    .string()
    .default(fallback)
    .transform((value, context) => {
      const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(value);
      const port = Number(match?.[3]);
      if (match !== null && port <= 65_535) return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
      context.addIssue({ code: 'custom', message: `expected host:port, e.g. ${fallback}` });
      return z.NEVER;
    });
