// The streams of a node that cannot be reached.
import { describe, expect, it } from 'vitest';
import { createFakeNode } from '../apiserver/streaming/testing/fake-node.ts';
import { createGate } from './gate.ts';
import { gatedStreams } from './gated-streams.ts';

const target = { namespace: 'ns', pod: 'p', uid: 'u', container: 'c' };
const request = { command: ['true'], stdin: false, tty: false };

describe('the streams of a node behind a gate', () => {
  it.each([
    ['cut', 'i/o timeout'],
    ['frozen', 'TLS handshake timeout'],
  ] as const)('fail as the API server’s attempt does while it is %s, and work again after', async (state, words) => {
    const node = createFakeNode();
    const gate = createGate();
    const streams = gatedStreams(node.streams, gate, '10.0.1.2');
    gate.set(state);
    const message = `error dialing backend: dial tcp 10.0.1.2:10250: ${words}`;
    await expect(streams.exec(target, request)).rejects.toMatchObject({ code: 504, message });
    await expect(streams.forward(target, 80)).rejects.toMatchObject({ message });
    gate.set('open');
    await streams.exec(target, request);
    expect((await node.next()).what).toBe('exec');
  });
});
