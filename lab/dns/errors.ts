// What can go wrong in the lab's DNS server, as catalogue rows.
import type { CatalogueEntry } from '../../src/base/errors.ts';

/** Every error of `lab/dns`. */
export const DNS_ERRORS = {
  message: {
    code: 'DNS-MESSAGE',
    title: 'A DNS message cannot be read',
    cause: 'A client sent something that is not one question in the format of RFC 1035.',
    cure: 'Look at the client; it was answered FORMERR.',
    retry: 'terminal',
    eventReason: 'DnsMessageRefused',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
