// Built-in kinds: what is filled in, what is refused and in which words, what may not change.
import type { ParityCase } from '../parity-case.ts';
import { kindsOfConfigurationCases } from './kinds-configuration.ts';
import { kindsOfPodRulesCases } from './kinds-pod-rules.ts';
import { kindsOfPodsCases } from './kinds-pods.ts';
import { kindsOfServicesCases } from './kinds-services.ts';
import { kindsOfWorkloadsCases } from './kinds-workloads.ts';

export const kindsCases: readonly ParityCase[] = [
  ...kindsOfPodsCases,
  ...kindsOfPodRulesCases,
  ...kindsOfWorkloadsCases,
  ...kindsOfServicesCases,
  ...kindsOfConfigurationCases,
];
