// What the guest's tests import as `vitest`: its own runner and its own matchers, without Vite, whose start takes longer there than the tests.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  type ExpectStatic,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';

export { afterAll, afterEach, beforeAll, beforeEach, describe, it } from '@vitest/runner';

const known = globalThis as unknown as Record<symbol, object>;
for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

/** Every matcher, and `expect.arrayContaining` with its like; neither snapshots nor polling. */
export const expect = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  known[ASYMMETRIC_MATCHERS_OBJECT],
) as unknown as ExpectStatic;
known[GLOBAL_EXPECT] = expect;
setState({ assertionCalls: 0 }, expect);
