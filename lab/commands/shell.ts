// `lab shell`: enters a Pod's network, a node with its files, or the internet's host, from another terminal.
import { spawn } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';

import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { pods } from '../../src/kube/resources.ts';
import { INTERNET_NETNS } from '../fabric/internet.ts';
import { nodeRootPath } from '../kube/kubelet/node-root.ts';
import { readState } from '../state-file.ts';
import type { LabState } from '../state-file.ts';
import type { CommandContext } from './context.ts';

/** The exit code of the command that ran; 1 when the target is unknown. */
export async function shell(
  { err, ...id }: CommandContext,
  target: string,
  command: readonly string[],
): Promise<number> {
  const state = await readState(id);
  if (state === undefined) {
    err.write('lab: no lab is running; start one with: npm start\n');
    return 1;
  }
  if (state.helperPid === null) {
    err.write('lab: this lab computes its data plane; there is nothing to enter\n');
    return 1;
  }
  const found = target.includes('/')
    ? await podNetns(state, target)
    : target === INTERNET_NETNS
      ? await internetNetns(state.helperPid)
      : nodeNetns(state, target);
  if ('problem' in found) {
    err.write(`lab: ${found.problem}\n`);
    return 1;
  }
  const words = command.length > 0 ? command : ['sh'];
  // Into the helper's namespaces first, where the network namespaces have their names; then into the wanted one.
  const enter = [
    '--target',
    String(state.helperPid),
    ...(state.rootless ? ['--user', '--preserve-credentials'] : []),
    '--mount',
    '--pid',
    '--',
  ];
  const files = found.root === undefined ? [] : [`--root=${found.root}`, `--wd=${found.root}`];
  const child = spawn('nsenter', [...enter, 'nsenter', `--net=/run/netns/${found.netns}`, ...files, '--', ...words], {
    stdio: 'inherit',
  });
  return new Promise((resolve) => {
    child.on('error', (error) => {
      err.write(`lab: nsenter: ${error.message}\n`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Without a root: the machine's files, read-only. */
type Found = { readonly netns: string; readonly root?: string } | { readonly problem: string };

function nodeNetns(state: LabState, name: string): Found {
  const node = state.nodes.find((candidate) => candidate.name === name);
  const known = state.nodes.map((candidate) => candidate.name).join(', ');
  if (node === undefined) return { problem: `no node "${name}"; nodes: ${known}; a Pod is named NAMESPACE/NAME` };
  return node.netns === null
    ? { problem: `node "${name}" has no network namespace of its own` }
    : { netns: node.netns, root: nodeRootPath(node.name) };
}

async function internetNetns(helperPid: number): Promise<Found> {
  const there = await access(`/proc/${helperPid}/root/run/netns/${INTERNET_NETNS}`).then(
    () => true,
    () => false,
  );
  return there
    ? { netns: INTERNET_NETNS }
    : {
        problem: 'there is no internet yet: it is made when the first EIP is bound or the first NAT gateway routed to',
      };
}

async function podNetns(state: LabState, target: string): Promise<Found> {
  const [namespace = '', name = ''] = target.split('/');
  const connection = await loadKubeConfig({ path: state.kubeconfig });
  const client = createKubeClient({ connection, clock: systemClock, logger: silentLogger });
  const { items } = await client.list(pods, { namespace });
  // A name or the beginning of one, so that `my-namespace/nginx` is enough while one Pod answers to it.
  const matches = items.filter((pod) => pod.metadata.name === name || pod.metadata.name.startsWith(name));
  const pod =
    matches.find((candidate) => candidate.metadata.name === name) ?? (matches.length === 1 ? matches[0] : undefined);
  if (pod === undefined)
    return {
      problem: `${matches.length === 0 ? 'no Pod' : 'more than one Pod'} "${target}"; Pods there: ${items.map((item) => item.metadata.name).join(', ') || 'none'}`,
    };
  const netns = JSON.parse(
    await readFile(`${state.stateDir}/sandboxes/${pod.metadata.uid}.json`, 'utf8').catch(() => 'null'),
  ) as { netns?: string } | null;
  return netns?.netns === undefined
    ? { problem: `Pod "${target}" has no network namespace of its own (yet)` }
    : { netns: netns.netns };
}
