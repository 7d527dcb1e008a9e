// Parity cases: javascript-client, the official client of this project's own programs (@kubernetes/client-node).
import type { ParityCase } from '../parity-case.ts';
import { javascriptClientAccessCases } from './javascript-client-access.ts';
import { javascriptClientCustomCases } from './javascript-client-custom.ts';
import { javascriptClientObjectCases } from './javascript-client-objects.ts';
import { javascriptClientWatchCases } from './javascript-client-watches.ts';

export const javascriptClientCases: readonly ParityCase[] = [
  ...javascriptClientObjectCases,
  ...javascriptClientWatchCases,
  ...javascriptClientCustomCases,
  ...javascriptClientAccessCases,
];
