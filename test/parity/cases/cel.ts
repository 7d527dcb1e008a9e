// Parity cases: CEL in the validation rules of custom resources.
import type { ParityCase } from '../parity-case.ts';
import { celDefinitionCases } from './cel-compilation.ts';
import { celLibraryCases } from './cel-libraries.ts';
import { celRuleCases } from './cel-rules.ts';

export const celCases: readonly ParityCase[] = [...celDefinitionCases, ...celRuleCases, ...celLibraryCases];
