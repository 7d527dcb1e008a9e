// `npm run story -- NAME`: plays one story on a fresh lab, each step with its outcome; exit 1 at the first wrong one.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { errorText } from '../../src/base/errors.ts';
import { styleFor } from '../table.ts';
import { chooseApi } from '../kube/cluster-api.ts';
import { findKubectl } from '../kubectl.ts';
import { startLab } from '../lab.ts';
import { stories } from './index.ts';
import { createStoryContext } from './story.ts';

interface Arguments {
  readonly name?: string | undefined;
  readonly rest: readonly string[];
  readonly kubeconfig?: string | undefined;
  readonly help: boolean;
  /** What is wrong, as a sentence. */
  readonly problem?: string;
}

function readArguments(args: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { kubeconfig: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    const [name, ...rest] = positionals;
    return { name, rest, kubeconfig: values.kubeconfig, help: values.help === true };
  } catch (error) {
    return { rest: [], help: false, problem: `${errorText(error)}.` };
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const { name, rest, kubeconfig, help, problem } = readArguments(argv);
  const width = Math.max(...stories.map(({ name }) => name.length)) + 2;
  const list = stories.map((story) => `  ${story.name.padEnd(width)}${story.document}: ${story.title}`).join('\n');
  if (help) {
    process.stdout.write(
      `Usage: npm run story -- NAME [--kubeconfig FILE]\n\n${list}\n\n` +
        "  --kubeconfig FILE  play it on this cluster's API; with KUBEBUILDER_ASSETS set, on a kube-apiserver from there\n",
    );
    return 0;
  }
  const story = stories.find((candidate) => candidate.name === name);
  if (story === undefined || rest.length > 0 || problem !== undefined) {
    process.stderr.write(
      `story: ${problem !== undefined ? problem : name === undefined ? 'which one?' : rest.length > 0 ? `unexpected word "${rest[0]}".` : `unknown story "${name}".`} Known:\n${list}\n`,
    );
    return 2;
  }
  const style = styleFor(process.stdout, process.env['NO_COLOR'] !== undefined);
  const print = (line: string): void => {
    process.stdout.write(
      `${line.replace(/^( *\d+ )ok {4}/, `$1${style.green('ok')}    `).replace(/^( *\d+ )WRONG/, `$1${style.red('WRONG')}`)}\n`,
    );
  };
  const lab = await startLab({
    ...story.lab,
    projectDir: resolve(import.meta.dirname, '..', '..'),
    progress: (line) => print(style.dim(`   ${line}`)),
    api: chooseApi(kubeconfig, process.env),
  });
  const interrupted = (): void => {
    void lab.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    await story.run(createStoryContext(lab, await findKubectl(lab.kubeconfig, process.env), print));
    print(`${story.name}: every step as documented`);
    return 0;
  } catch (error) {
    if (process.env['TRUNKLINE_STORY_KEEP'] === '1') {
      print(
        `kept for a look: KUBECONFIG=${lab.kubeconfig} (Ctrl-C ends it): ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      await new Promise(() => undefined);
    }
    return 1;
  } finally {
    await lab.close();
  }
}

const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`story: ${errorText(error)}\n`);
  return 1;
});
process.exit(code);
