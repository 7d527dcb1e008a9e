// Refusals: codes, reasons, messages and details of Status answers.
import { bodyErrorCases } from './errors-bodies.ts';
import { parameterErrorCases } from './errors-parameters.ts';
import { pathErrorCases } from './errors-paths.ts';
import type { ParityCase } from '../parity-case.ts';

export const errorsCases: readonly ParityCase[] = [...pathErrorCases, ...bodyErrorCases, ...parameterErrorCases];
