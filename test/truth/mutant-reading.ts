// Builds a reading from the source of the product, changed or not, without touching a file.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { transformSync } from 'esbuild';
import type { Mutant } from './mutants.ts';
import type { Reading } from './reading.ts';

const SOURCES = join(import.meta.dirname, '../../src');

/** Remembers what it has transformed. */
export interface Readings {
  /** Throws when the text does not stand in the file exactly once: then the list is out of date. */
  build(mutant?: Mutant): Reading;
}

export function createReadings(): Readings {
  const scripts = new Map<string, string>();
  const outside = createRequire(join(SOURCES, 'main.ts'));
  const scriptOf = (file: string): string => {
    const found = scripts.get(file) ?? transform(readFileSync(join(SOURCES, file), 'utf8'));
    scripts.set(file, found);
    return found;
  };
  return {
    build: (mutant) => {
      const modules = new Map<string, { exports: object }>();
      const load = (file: string): object => {
        const known = modules.get(file);
        if (known !== undefined) return known.exports;
        const module = { exports: {} };
        modules.set(file, module);
        const script = mutant?.file === file ? transform(change(file, mutant)) : scriptOf(file);
        const wanted = (name: string): unknown =>
          name.startsWith('.') ? load(join(dirname(file), name)) : outside(name);
        compileFunction(script, ['module', 'exports', 'require'], { filename: file })(module, module.exports, wanted);
        return module.exports;
      };
      const flow = load('diagnose/trace/flow.ts') as Pick<Reading, 'traceIn'>;
      const world = load('diagnose/trace/world.ts') as Pick<Reading, 'openWorld'>;
      const parse = load('securitygroup/parse.ts') as Pick<Reading, 'parseSecurityGroup'>;
      return { traceIn: flow.traceIn, openWorld: world.openWorld, parseSecurityGroup: parse.parseSecurityGroup };
    },
  };
}

const transform = (source: string): string =>
  transformSync(source, { loader: 'ts', format: 'cjs', target: 'node22' }).code;

function change(file: string, { belief, text, instead }: Mutant): string {
  const source = readFileSync(join(SOURCES, file), 'utf8');
  const found = source.split(text).length - 1;
  if (found !== 1) throw new Error(`mutant "${belief}": ${JSON.stringify(text)} stands ${found} times in ${file}`);
  return source.replace(text, () => instead);
}
