// Discovery, version, health, metrics and OpenAPI.
import { documentCases } from './discovery-documents.ts';
import { groupCases } from './discovery-groups.ts';
import type { ParityCase } from '../parity-case.ts';

export const discoveryCases: readonly ParityCase[] = [...groupCases, ...documentCases];
