// What runs inside the guest, on its kernel: the contract suite of the link drivers and the table of strict routing, with 802.1Q, and IPVS.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ['src/agent/namespaces.test.ts', 'src/agent/strict-namespaces.test.ts', 'test/guest/*.guest.ts'],
    // What is about the agent's restart is the same with either driver, and takes long here.
    testNamePattern: /^(?!.*(crash left|comes back|CHECK)).*(driver vlan|IPVS)/,
    pool: 'forks',
    isolate: false,
    // The guest has one processor, and starts processes slowly.
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
