// What ipamd tells people: events on nodes, and the lines that document 003 greps out of its log.
import { spawnSync } from 'node:child_process';
import { events } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Lab } from '../lab.ts';
import type { LabNode } from '../nodes.ts';
import { waitForObjects } from '../wait.ts';
import type { StoryContext } from './story.ts';

interface TextEvent extends KubeObject {
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
  readonly message?: string;
}

const textOf = (event: KubeObject): string => (event as TextEvent).message ?? '';

/** Waits until each node, or other object of the name, has an event with all `words`; answers one's text. Throws after a minute. */
export async function eventOnEach(
  lab: Lab,
  nodes: readonly Pick<LabNode, 'name'>[],
  words: readonly string[],
): Promise<string> {
  const tells = (event: KubeObject, node: Pick<LabNode, 'name'>): boolean =>
    (event as TextEvent).involvedObject?.name === node.name && words.every((word) => textOf(event).includes(word));
  const found = await waitForObjects(
    lab.client,
    events,
    (all) => nodes.every((node) => all.some((event) => tells(event, node))),
    {
      what: `an event on each of ${nodes.map(({ name }) => name).join(', ')} with ${words.join(', ')}`,
      describe: (all) => all.map(textOf).join(' | '),
    },
  );
  return found.filter((event) => nodes.some((node) => tells(event, node))).map(textOf)[0] ?? '';
}

/** `kubectl logs -n kube-system deploy/tke-eni-ipamd` of document 003, and without kubectl the same log: of the present run of the container alone. */
export async function ipamdLog({ lab, kubectl, expect }: StoryContext): Promise<string> {
  if (kubectl.kind === 'absent') return lab.programLog('tke-eni-ipamd');
  const { code, stdout, stderr } = await kubectl.run('logs', '-n', 'kube-system', 'deploy/tke-eni-ipamd');
  expect(`exit code of kubectl logs (${stderr.trim()})`, code, 0);
  return stdout;
}

/** Document 003, step 3, character for character after `kubectl logs`. */
export function boundGroups(log: string): readonly string[] {
  const pipeline = `grep "Event"|grep "security groups from"|awk '{print $24}'|awk -F'[' '{print $2}'|awk -F']' '{print $1}'`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', pipeline], { input: log, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the pipeline of document 003 exits ${status}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}
