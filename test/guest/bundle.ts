// One file of JavaScript with the guest's tests: there, reading and compiling hundreds of modules takes longer than running them.
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const PROJECT = resolve(import.meta.dirname, '../..');

/** A module's own folder stays what it is in the checkout: programs are started from there. */
const ownFolder: Plugin = {
  name: 'own-folder',
  setup: (plugin) => {
    plugin.onLoad({ filter: /\/(src|lab|test)\/.*\.ts$/ }, async ({ path }) => ({
      loader: 'ts',
      contents: (await readFile(path, 'utf8')).replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
    }));
  },
};

/** Writes it to `file`; rejects with what does not compile. */
export async function bundleGuestTests(file: string): Promise<void> {
  await build({
    entryPoints: [join(PROJECT, 'test/guest/run-in-guest.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: { vitest: join(PROJECT, 'test/guest/vitest-in-guest.ts') },
    // Some packages are CommonJS and ask for Node's modules.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [ownFolder],
    logLevel: 'silent',
  });
}
