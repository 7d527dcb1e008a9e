// What may come next on a command line: commands, options, accepted values and names of the cluster.
import type { Argument, Command, Option } from 'commander';

import { namespaces, nodes, pods } from '../kube/resources.ts';
import type { KubeClient, KubeObject, Resource } from '../kube/types.ts';
import { eipClaims } from '../api/eip-claim.ts';
import { securityGroupPolicies } from '../api/security-group-policy.ts';
import { allErrors } from './explain/error-catalogue.ts';
import type { CliSession } from './context.ts';

/** A shell waits for the answer while a person types. */
const PATIENCE_MS = 2_000;

/** Lines `word` or `word<tab>what it is for`, that begin as the last word does. Never throws: without a cluster names are left out. */
export async function complete(
  program: Command,
  session: CliSession,
  words: readonly string[],
): Promise<readonly string[]> {
  const typed = words.at(-1) ?? '';
  const { command, position, waiting } = walk(program, words.slice(0, -1));
  const begins = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.startsWith(typed));
  if (waiting !== undefined)
    return begins(waiting.argChoices ?? (waiting.long === '--namespace' ? await names(session, namespaces) : []));
  if (typed.startsWith('-')) return begins(optionLines(command, program));
  const subcommands = command.commands.filter((candidate) => !candidate.name().startsWith('__'));
  if (subcommands.length > 0 && position === 0)
    return begins(subcommands.map((candidate) => `${candidate.name()}\t${candidate.description()}`)).concat(
      await ofArgument(command.registeredArguments[0], session, typed),
    );
  const argument = command.registeredArguments[Math.min(position, command.registeredArguments.length - 1)];
  return ofArgument(argument, session, typed);
}

interface Place {
  readonly command: Command;
  /** How many arguments of the command were given. */
  readonly position: number;
  /** The option that expects its value now. */
  readonly waiting: Option | undefined;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let position = 0;
  let waiting: Option | undefined;
  for (const word of words) {
    if (waiting !== undefined) {
      waiting = undefined;
      continue;
    }
    if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find(
        ({ long, short }) => word === long || word === short,
      );
      if (option !== undefined && (option.required || option.optional)) waiting = option;
      continue;
    }
    const next = position === 0 ? command.commands.find((candidate) => candidate.name() === word) : undefined;
    if (next === undefined) position += 1;
    else command = next;
  }
  return { command, position, waiting };
}

function optionLines(command: Command, program: Command): readonly string[] {
  const options = command === program ? command.options : [...command.options, ...program.options];
  return [
    ...options.map((option) => `${option.long ?? option.short ?? ''}\t${option.description}`),
    '--help\tshow help',
  ];
}

/** What the name of an argument promises. */
async function ofArgument(
  argument: Argument | undefined,
  session: CliSession,
  typed: string,
): Promise<readonly string[]> {
  if (argument === undefined) return [];
  const begins = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.startsWith(typed));
  if (argument.argChoices !== undefined) return begins(argument.argChoices);
  switch (argument.name()) {
    case 'pod':
    case 'from':
    case 'to':
      return begins(await podNames(session, typed));
    case 'node':
      return begins(await names(session, nodes));
    case 'policy':
      return begins(await names(session, securityGroupPolicies, await session.namespace().catch(() => 'default')));
    case 'claim':
      return begins(await names(session, eipClaims, await session.namespace().catch(() => 'default')));
    case 'code':
      return begins(allErrors().map((entry) => `${entry.code}\t${entry.title}`));
    default:
      return [];
  }
}

async function podNames(session: CliSession, typed: string): Promise<readonly string[]> {
  const slash = typed.indexOf('/');
  if (slash > 0) {
    const namespace = typed.slice(0, slash);
    return (await names(session, pods, namespace)).map((name) => `${namespace}/${name}`);
  }
  const own = await names(session, pods, await session.namespace().catch(() => 'default'));
  return own.length > 0 || session.namespaceGiven ? own : (await names(session, namespaces)).map((name) => `${name}/`);
}

async function names<T extends KubeObject>(
  session: CliSession,
  resource: Resource<T>,
  namespace?: string,
): Promise<readonly string[]> {
  const patience = AbortSignal.any([session.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const client: KubeClient = await session.kube();
    const { items } = await client.list(resource, {
      signal: patience,
      ...(namespace === undefined ? {} : { namespace }),
    });
    return items.map((item) => item.metadata.name);
  } catch {
    return [];
  }
}
