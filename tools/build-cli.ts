// Builds the command line as one file that an older Node runs too, and beside it the package that is published: `node tools/build-cli.ts [folder]`.
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import project from '../package.json' with { type: 'json' };

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));

/** The oldest Node that it runs on; types are not stripped under node_modules, so it has to be JavaScript. */
export const OLDEST_NODE = '20.19';

/** The file that both commands are. */
export const CLI_FILE = 'trunkline.mjs';

/** Empties the folder and writes the package there: one file of code, its manifest, licence and a page. Resolves to its size in bytes. */
export async function buildCli(folder: string): Promise<number> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const outfile = join(folder, CLI_FILE);
  const result = await build({
    entryPoints: [join(root, 'src/main/cli.ts')],
    outfile,
    bundle: true,
    inject: [join(root, 'tools/older-node.ts')],
    platform: 'node',
    format: 'esm',
    target: `node${OLDEST_NODE}`,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'inline',
    metafile: true,
    logLevel: 'warning',
    // Some dependencies are CommonJS and ask for the runtime's own modules by name.
    banner: {
      js: "import { createRequire as trunklineRequire } from 'node:module';\nconst require = trunklineRequire(import.meta.url);",
    },
  });
  await chmod(outfile, 0o755);
  await copyFile(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  await writeFile(join(folder, 'README.md'), README);
  await writeFile(
    join(folder, 'package.json'),
    `${JSON.stringify(
      {
        name: project.name,
        version: project.version,
        description: 'Explains, predicts and checks the network of Pods with VPC addresses on Tencent Cloud',
        license: project.license,
        type: 'module',
        engines: { node: `>=${OLDEST_NODE}` },
        bin: { trunkline: CLI_FILE, 'kubectl-trunkline': CLI_FILE },
        files: [CLI_FILE],
      },
      null,
      2,
    )}\n`,
  );
  return result.metafile.outputs[Object.keys(result.metafile.outputs)[0] ?? '']?.bytes ?? 0;
}

const README = `# trunkline

Explains, predicts and checks the network of Pods with VPC addresses on Tencent Cloud: \`trunkline trace\`, \`explain\`, \`plan\`,
\`doctor\`, \`capacity\`. Installed, it is \`kubectl trunkline\` too. \`trunkline --help\` shows examples.
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(root, 'build', 'cli'));
  const bytes = await buildCli(folder);
  process.stdout.write(`${join(folder, CLI_FILE)}: ${Math.round(bytes / 1024)} KiB\n`);
}
