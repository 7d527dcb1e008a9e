// kubectl, command by command, as people and documents use it.
import type { ParityCase } from '../parity-case.ts';
import { kubectlCreateCases } from './kubectl-create.ts';
import { kubectlDeclareCases } from './kubectl-declare.ts';
import { kubectlDeleteCases } from './kubectl-delete.ts';
import { kubectlOperateCases } from './kubectl-operate.ts';
import { kubectlReadCases } from './kubectl-read.ts';
import { kubectlServerCases } from './kubectl-server.ts';

export const kubectlCases: readonly ParityCase[] = [
  ...kubectlReadCases,
  ...kubectlServerCases,
  ...kubectlDeclareCases,
  ...kubectlCreateCases,
  ...kubectlOperateCases,
  ...kubectlDeleteCases,
];
