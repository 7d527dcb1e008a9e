// What can go wrong in the service proxy, as catalogue rows.
import type { CatalogueEntry } from '../../../src/base/errors.ts';

/** Every error of `lab/kube/proxy`. */
export const PROXY_ERRORS = {
  apply: {
    code: 'PROXY-APPLY',
    title: 'The rules of Services could not be applied',
    cause: 'nft or ip refused a change in a network namespace of the lab; it is tried again.',
    cure: 'The message carries the tool, the namespace and the words.',
    retry: 'retry',
    eventReason: 'ServiceProxyFailed',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
