// A kubelet whose node is frozen, cut off or gone.
import { describe, expect, it } from 'vitest';

import { nodes } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { LabHost } from '../../host/types.ts';
import { createGate, gatedClient, gatedHost } from './gate.ts';

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

function behind() {
  const gate = createGate();
  const calls: string[] = [];
  const client = gatedClient(
    {
      get: (_resource: unknown, name: string) => Promise.resolve(void calls.push(`get ${name}`)),
      async *watch() {
        yield 'first';
        yield 'second';
      },
    } as unknown as KubeClient,
    gate,
  );
  const host = gatedHost(
    {
      helperPid: 7,
      exec: (argv: readonly string[]) => Promise.resolve(void calls.push(`exec ${argv.join(' ')}`)),
    } as unknown as LabHost,
    gate,
  );
  return { gate, calls, client, host };
}

describe('a gate', () => {
  it('lets a node that is cut off work on, and its calls to the API wait', async () => {
    const { gate, calls, client, host } = behind();
    gate.set('cut');
    const got = client.get(nodes, 'n');
    await host.exec(['true']);
    await turn();
    expect(calls).toEqual(['exec true']);
    gate.set('open');
    await got;
    expect(calls).toEqual(['exec true', 'get n']);
  });

  it('lets nothing of a frozen node happen', async () => {
    const { gate, calls, client, host } = behind();
    gate.set('frozen');
    const all = [client.get(nodes, 'n'), host.exec(['true'])];
    await turn();
    expect(calls).toEqual([]);
    gate.set('open');
    await Promise.all(all);
    expect(calls.toSorted()).toEqual(['exec true', 'get n']);
  });

  it('holds back what a watch tells meanwhile', async () => {
    const { gate, client } = behind();
    const told: unknown[] = [];
    gate.set('cut');
    const watching = (async () => {
      for await (const event of client.watch(nodes, { resourceVersion: '1' })) told.push(event);
    })();
    await turn();
    expect(told).toEqual([]);
    gate.set('open');
    await watching;
    expect(told).toEqual(['first', 'second']);
  });

  it('fails what waits for the API once the node is gone, for ever, and lets its processes be ended', async () => {
    const { gate, calls, client, host } = behind();
    gate.set('frozen');
    const got = client.get(nodes, 'n');
    gate.set('ended');
    await expect(got).rejects.toThrow('the node is gone');
    gate.set('open');
    await expect(client.get(nodes, 'n')).rejects.toThrow('the node is gone');
    await host.exec(['kill']);
    expect(calls).toEqual(['exec kill']);
  });

  it('shows the rest of the machine as it is', () => {
    expect(behind().host.helperPid).toBe(7);
  });
});
