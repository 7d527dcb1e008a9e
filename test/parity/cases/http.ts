// HTTP: media types, compression, paths, and connections.
import { connectionCases } from './http-connections.ts';
import { formCases } from './http-forms.ts';
import type { ParityCase } from '../parity-case.ts';

export const httpCases: readonly ParityCase[] = [...formCases, ...connectionCases];
