// `npm start` and `npm run lab`: the lab's commands.
import { enableCompileCache } from 'node:module';
import { resolve } from 'node:path';

import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';

import { type IpMode, ipModes } from '../src/api/addon-values.ts';
import { errorText } from '../src/base/errors.ts';
import type { ApiCommandOptions } from './commands/api.ts';
import type { CloudCommandOptions } from './commands/cloud.ts';
import type { HollowOptions } from './commands/hollow.ts';
import { NODE_ACTIONS } from './node-power.ts';
import type { NodeAction } from './node-power.ts';
import { styleFor } from './table.ts';

// What follows is loaded by the command that needs it, and from the second start on without being compiled, which also spares
// a sixth of the memory.
enableCompileCache();

const projectDir = resolve(import.meta.dirname, '..');

function count(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** A name that is a file name too. */
function labName(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(text))
    throw new InvalidArgumentError('expected lower-case letters, digits and dashes.');
  return text;
}

async function main(argv: readonly string[]): Promise<number> {
  const context = {
    projectDir,
    name: 'lab',
    out: process.stdout,
    err: process.stderr,
    style: styleFor(process.stdout, process.env['NO_COLOR'] !== undefined),
  };
  let code = 0;
  const program = new Command('lab')
    .description('Trunkline on one machine: a cloud, a cluster and a VPC with real packets')
    .exitOverride()
    .option('--name <name>', 'which lab, when several run side by side', labName, 'lab')
    .hook('preAction', (command) => void (context.name = String(command.opts()['name'])));
  program
    .command('up')
    .description('start a lab and stay; Ctrl-C takes everything down')
    .option('--sample', "deploy document 002's sample and show it", false)
    .option('--nodes <n>', 'general nodes', count(1, 8), 2)
    .option('--native-nodes <n>', 'native nodes beside them', count(0, 8), 0)
    .option('--super-nodes <n>', 'super nodes', count(0, 4), 1)
    .option(
      '--instance-type <model>',
      'CVM model of the general nodes; its family decides about sub-ENIs',
      'SA5.LARGE8',
    )
    .addOption(
      new Option('--ip-mode <mode>', 'how ordinary Pods get addresses: from a pool of each node, or static ones')
        .choices(ipModes)
        .default('non-static'),
    )
    .option('--no-packets', 'compute the data plane instead of making namespaces')
    .option(
      '--kubeconfig <file>',
      "use this cluster's API instead of the embedded one (its current context, as an administrator)",
    )
    .option('--log-level <level>', 'log of the lab itself: silent, error, warn, info, debug', 'silent')
    .action(
      async (options: {
        sample: boolean;
        nodes: number;
        nativeNodes: number;
        superNodes: number;
        instanceType: string;
        ipMode: IpMode;
        packets: boolean;
        kubeconfig?: string;
        logLevel: string;
      }) => {
        const { up } = await import('./commands/up.ts');
        const { chooseApi } = await import('./kube/cluster-api.ts');
        code = await up(context, { ...options, api: chooseApi(options.kubeconfig, process.env) });
      },
    );
  program
    .command('status')
    .description('say what runs and where')
    .action(async () => {
      const { status } = await import('./commands/status.ts');
      code = await status(context);
    });
  program
    .command('down')
    .description('take the running lab down from another terminal')
    .action(async () => {
      const { down } = await import('./commands/down.ts');
      code = await down(context);
    });
  program
    .command('api')
    .description('the embedded Kubernetes API alone, for tests of other projects; Ctrl-C ends it')
    .option('--port <port>', 'port on loopback; 0 takes a free one', count(0, 65_535), 0)
    .option('--data-dir <dir>', 'keep the objects in this folder across restarts')
    .option('--no-controllers', 'the API only: no controllers, no scheduler')
    .option('--kubeconfig <file>', 'where to write the kubeconfig; default a new temporary file')
    .option('--log-level <level>', 'log of the server: silent, error, warn, info, debug', 'silent')
    .action(async (options: ApiCommandOptions) => {
      const { api } = await import('./commands/api.ts');
      code = await api(context, options);
    });
  program
    .command('cloud')
    .description('the simulated Tencent Cloud account alone, for SDKs and tccli; Ctrl-C ends it')
    .option('--port <port>', 'port on loopback; 0 takes a free one', count(0, 65_535), 0)
    .option('--seed <n>', 'the same ids, keys and chances in every run', count(0, 2 ** 31 - 1))
    .option('--scenario <file>', 'account, settings and faults; see docs/lab-cloud.md')
    .option('--load <file>', 'go on from a saved account')
    .option('--save <file>', 'save the account there when Ctrl-C ends it, and on command')
    .option('--manual-clock', 'time moves only when the admin endpoint is told to')
    .option('--sub-eni', 'the account may use the sub-ENI actions')
    .option('--no-sub-eni', 'the account may not use the sub-ENI actions')
    .option('--log-level <level>', 'log of the simulator: silent, error, warn, info, debug', 'silent')
    .action(async (options: CloudCommandOptions) => {
      const { cloud } = await import('./commands/cloud.ts');
      code = await cloud(context, options);
    });
  program
    .command('tccli')
    .description("a line of tccli against the running lab's cloud, for machines without tccli")
    .argument('[words...]', 'SERVICE ACTION --Member VALUE ..., as documents and trace print them')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const { tccli } = await import('./commands/tccli.ts');
      code = await tccli(context, words);
    });
  program
    .command('node')
    .description('stop, freeze, cut off or lose a general node of the running lab, or recover it')
    .addArgument(new Argument('<action>').choices(NODE_ACTIONS))
    .argument('<node>', 'its name, as kubectl get nodes shows it')
    .action(async (action: NodeAction, name: string) => {
      const { node } = await import('./commands/node.ts');
      code = await node(context, action, name);
    });
  program
    .command('hollow')
    .description('nodes and Pods that are no processes, for trying things at scale; Ctrl-C ends their heartbeat')
    .option('--nodes <n>', 'hollow nodes', count(1, 10_000), 100)
    .option('--pods <n>', 'Pods on them', count(0, 200_000), 1_000)
    .option('--namespaces <n>', 'namespaces of the Pods: hollow-0 and on', count(1, 1_000), 10)
    .option('--kubeconfig <file>', "the cluster to fill; default the running lab's")
    .action(async (options: HollowOptions) => {
      const { hollow } = await import('./commands/hollow.ts');
      code = await hollow(context, options);
    });
  program
    .command('shell')
    .description('a shell, or one command, inside a Pod (NAMESPACE/NAME) or a node (NAME)')
    .argument('<target>')
    .argument('[command...]', 'after --')
    .action(async (target: string, command: string[]) => {
      const { shell } = await import('./commands/shell.ts');
      code = await shell(context, target, command);
    });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`lab: ${errorText(error)}\n`);
    return 1;
  }
}

// Whose output nobody reads any more is told to end as by `kill`: in order, with nothing left behind.
const reader = { gone: false };
for (const stream of [process.stdout, process.stderr])
  stream.on('error', () => {
    if (reader.gone) return;
    reader.gone = true;
    process.kill(process.pid, 'SIGTERM');
  });

process.exit(await main(process.argv.slice(2)));
