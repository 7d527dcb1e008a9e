// Orders to the nodes of a lab from another process.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { orderNode, serveNodeControl } from './node-control.ts';

let stateDir: string;
let control: { close(): Promise<void> };
const heard: string[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'trunkline-control-'));
  heard.length = 0;
  const n1 = { name: 'n1', power: 'frozen' as const, act: async (action: string) => void heard.push(action) };
  const act = () => Promise.reject(new Error('node n2 is lost'));
  control = await serveNodeControl(stateDir, [n1, { name: 'n2', power: 'lost', act }]);
});
afterEach(async () => {
  await control.close();
  await rm(stateDir, { recursive: true, force: true });
});

it('carries an order to its node and tells what became of it', async () => {
  expect(await orderNode(stateDir, 'n1', 'freeze')).toBe('frozen');
  expect(heard).toEqual(['freeze']);
});

it('repeats why a node refuses', async () => {
  await expect(orderNode(stateDir, 'n2', 'stop')).rejects.toThrow('node n2 is lost');
});

it('names the nodes there are when it is asked for another', async () => {
  await expect(orderNode(stateDir, 'n3', 'stop')).rejects.toThrow('no node "n3"; nodes: n1, n2');
});

it('is open to its owner only', async () => {
  expect((await stat(join(stateDir, 'control.sock'))).mode & 0o777).toBe(0o600);
});
