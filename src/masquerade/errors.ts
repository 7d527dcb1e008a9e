// The catalogue of what can go wrong in ip-masq-agent.
import type { CatalogueEntry } from '../base/errors.ts';

/** Rows of the area MASQ. */
export const masqErrors = {
  configInvalid: {
    code: 'MASQ-CONFIG-INVALID',
    title: 'The configuration of ip-masq-agent cannot be used',
    cause:
      'Key config of ConfigMap kube-system/ip-masq-agent-config is not JSON or YAML, or a value of it is not accepted.',
    cure: 'The message names the key and the value; edit the ConfigMap. Until then the last good configuration stays in force.',
    retry: 'terminal',
    eventReason: 'InvalidMasqConfig',
  },
  kernelRefused: {
    code: 'MASQ-KERNEL-REFUSED',
    title: 'The kernel refused the rules',
    cause:
      'nft is missing, the program may not change the network of its namespace, or the kernel has no NAT for nftables.',
    cure: 'Run ip-masq-agent on the host network with CAP_NET_ADMIN; load the modules nf_tables and nft_masq.',
    retry: 'retry',
    eventReason: 'MasqRulesRefused',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
