// Adds to package-lock.json the optional platform packages that the registry at hand did not have when the lock was made, so that
// `npm ci` accepts it everywhere: only their platform's own machines fetch them; and takes links out. Run after `npm install --package-lock-only`.
import { readFileSync, writeFileSync } from 'node:fs';

import { z } from 'zod';

const entry = z.looseObject({
  version: z.string().optional(),
  dev: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lock = z.looseObject({ packages: z.record(z.string(), entry) });

const systems = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32', 'aix'];
const processors: Readonly<Record<string, string>> = {
  arm64: 'arm64',
  x64: 'x64',
  ia32: 'ia32',
  arm: 'arm',
  riscv64: 'riscv64',
  s390x: 's390x',
  ppc64: 'ppc64',
  loong64: 'loong64',
};

/** Platform of a package, from its name: `cli-linux-x64-musl` is linux, x64, musl. */
function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | undefined {
  const words = name.split(/[/-]/);
  const os = words.find((word) => systems.includes(word));
  const cpu = words.map((word) => processors[word]).find((word) => word !== undefined);
  if (os === undefined || cpu === undefined) return undefined;
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : undefined;
  return { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc }) };
}

const file = 'package-lock.json';
const content = lock.parse(JSON.parse(readFileSync(file, 'utf8')));
let added = 0;
// Links to funding pages are no part of what is installed, and the lock file names no host.
for (const entryOfPackage of Object.values(content.packages)) delete entryOfPackage['funding'];
for (const [path, parent] of Object.entries(content.packages)) {
  if (path === '') continue;
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const platform = platformOf(name);
    if (content.packages[key] !== undefined || platform === undefined || !/^\d/.test(version)) continue;
    content.packages[key] = { version, ...(parent.dev === true ? { dev: true } : {}), optional: true, ...platform };
    added += 1;
  }
}
content.packages = Object.fromEntries(Object.entries(content.packages).sort(([a], [b]) => a.localeCompare(b)));
writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
process.stdout.write(`${added} platform packages added to ${file}\n`);
