// Orders to the nodes of a lab from another process.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

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

it('makes and removes nodes one at a time, as terraform asks for them', async () => {
  const done: string[] = [];
  const own = await mkdtemp(join(tmpdir(), 'trunkline-control-'));
  const maker = {
    addNative: async () => {
      const number = done.length + 1;
      // A second one that began now would get the same number.
      await new Promise(setImmediate);
      done.push(`n${number}`);
      return `n${number}`;
    },
    remove: async (name: string) => void done.push(`without ${name}`),
  };
  const served = await serveNodeControl(own, [], maker);
  const ask = (body: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const sent = request({ socketPath: join(own, 'control.sock'), method: 'POST', path: '/' }, (response) => {
        json(response).then(resolve, reject);
      });
      sent.once('error', reject);
      sent.end(JSON.stringify(body));
    });
  const made = await Promise.all([ask({ action: 'add-native' }), ask({ action: 'add-native' })]);
  expect(made).toEqual([{ node: 'n1' }, { node: 'n2' }]);
  expect(await ask({ action: 'remove', node: 'n1' })).toEqual({ node: 'n1' });
  expect(done).toEqual(['n1', 'n2', 'without n1']);
  await served.close();
  await rm(own, { recursive: true, force: true });
});
