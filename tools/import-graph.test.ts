// The import fences of the design: who may import whom, read from the sources themselves.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Static and dynamic imports; relative ones as paths from the root, others as written. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s+['"]([^'"]+)['"]|(?:^|\n)import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  );
  return [...found].map(([, a, b, c]) => {
    const target = a ?? b ?? c ?? '';
    return { from: file, to: target.startsWith('.') ? relative(root, resolve(root, dirname(file), target)) : target };
  });
}

const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.includes('/testing/');
const all = ['src', 'lab'].flatMap(sources).flatMap(importsOf);
const product = all.filter((edge) => !isTest(edge.from));

function offenders(from: RegExp, to: RegExp, edges: readonly Import[] = product): string[] {
  return edges.filter((edge) => from.test(edge.from) && to.test(edge.to)).map((edge) => `${edge.from} -> ${edge.to}`);
}

describe('imports point one way', () => {
  it('finds the imports it is meant to judge', () => {
    expect(product.length).toBeGreaterThan(100);
    expect(importsOf('src/main/ipamd.ts').map((edge) => edge.to)).toContain('src/controllers/index.ts');
  });

  it('the product never imports the lab', () => {
    expect(offenders(/^src\//, /^lab\//)).toEqual([]);
  });

  it('planners and the rule language do no I/O', () => {
    expect(
      offenders(
        /^src\/(planning|securitygroup)\//,
        /^node:(?!crypto$)|^src\/(kube\/(?!types|resources)|cloud\/(?!eip-calls|vpc-cloud)|controllers|agent|webhook|main)/,
      ),
    ).toEqual([]);
    const awaiting = sources('src/planning')
      .concat(sources('src/securitygroup'))
      .filter(
        (file) =>
          !isTest(file) &&
          /\bawait\b|\basync\b/.test(readFileSync(join(root, file), 'utf8').replaceAll(/\/\/.*|\/\*[^]*?\*\//g, '')),
      );
    expect(awaiting).toEqual([]);
  });

  it('the kinds and the base know nothing above them', () => {
    expect(offenders(/^src\/base\//, /^src\/(?!base)/)).toEqual([]);
    expect(offenders(/^src\/api\//, /^src\/(?!api|base|kube\/(types|resources))/)).toEqual([]);
    expect(offenders(/^src\/node-network\//, /^src\/(?!base|node-network)/)).toEqual([]);
    expect(offenders(/^src\/(kube|cloud)\//, /^src\/(main|controllers|planning|webhook|agent|cni)/)).toEqual([]);
  });

  it('only composition roots import programs, and nobody imports a composition root', () => {
    expect(offenders(/^(src|lab)\//, /^src\/main\//)).toEqual([]);
    expect(offenders(/^src\/cni\//, /^src\/(controllers|webhook|cloud|planning|agent)/)).toEqual([]);
    // Programs stand on the planners; what ipamd and the agent must agree on is written once there.
    expect(offenders(/^src\/agent\//, /^src\/(controllers|webhook|cloud)/)).toEqual([]);
    expect(offenders(/^src\/webhook\//, /^src\/(controllers|agent|cni|cloud)/)).toEqual([]);
    expect(offenders(/^src\/controllers\//, /^src\/(agent|cni|webhook|scheduler)/)).toEqual([]);
    expect(offenders(/^src\/scheduler\//, /^src\/(controllers|agent|cni|webhook|cloud)/)).toEqual([]);
  });

  it('the simulated cloud and the fabric know nothing of Kubernetes or of our programs', () => {
    expect(offenders(/^lab\/(cloud|fabric)\//, /^src\/(?!base)|^lab\/kube/)).toEqual([]);
  });

  it('the environment is read in composition roots only', () => {
    const readers = ['src', 'lab']
      .flatMap(sources)
      .filter((file) => !isTest(file) && /process\.env\b/.test(readFileSync(join(root, file), 'utf8')));
    expect(
      readers.filter((file) => !/^src\/main\/|^lab\/(main|dns\/main|stories\/run|host\/helper)/.test(file)),
    ).toEqual([]);
  });

  it('a composition root stays a page', () => {
    for (const file of sources('src/main').filter((name) => !isTest(name)))
      expect(readFileSync(join(root, file), 'utf8').split('\n').length, file).toBeLessThanOrEqual(80);
  });
});
