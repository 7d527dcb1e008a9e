// Which rules each built-in kind has.
import type { Rules } from '../registry/definition.ts';

export const kindRules: Readonly<Record<string, Rules>> = {};
