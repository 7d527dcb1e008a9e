// How the tests run: threads without isolation, since no module holds state; stories with packets run one at a time.
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/test-order.ts';

// A real control plane (KUBEBUILDER_ASSETS) takes its time to start, and some tests start one of their own.
const onRealServer = (process.env['KUBEBUILDER_ASSETS'] ?? '') !== '';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'lab/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts', 'bench/**/*.test.ts'],
    pool: 'forks',
    isolate: false,
    // More than the cores of a small machine: most of what is tested waits for something.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: onRealServer ? 90_000 : 20_000,
    hookTimeout: onRealServer ? 120_000 : 60_000,
    reporters: ['default'],
  },
});
