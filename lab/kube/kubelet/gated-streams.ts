// What the API server gets of a node's streams while the node is frozen or cut off: nothing, in the words of its attempt.
import { StreamRefusal } from '../apiserver/index.ts';
import type { NodeStreams } from '../apiserver/index.ts';
import type { Gate } from './gate.ts';

/** The port of a kubelet's own API. */
const KUBELET_PORT = 10_250;

/** Streams that were opened before go on: GUESS, a connection that is cut breaks only when one end gives it up. */
export function gatedStreams(streams: NodeStreams, gate: Gate, nodeIp: string): NodeStreams {
  const pass = async <T>(call: () => Promise<T>): Promise<T> => {
    if (gate.state === 'open') return await call();
    // A frozen machine's kernel still takes the connection, and nobody speaks on it.
    const words = gate.state === 'frozen' ? 'TLS handshake timeout' : 'i/o timeout';
    throw new StreamRefusal(504, `error dialing backend: dial tcp ${nodeIp}:${KUBELET_PORT}: ${words}`);
  };
  return {
    exec: async (target, request) => await pass(() => streams.exec(target, request)),
    attach: async (target) => await pass(() => streams.attach(target)),
    forward: async (target, port) => await pass(() => streams.forward(target, port)),
    logs: async (target, options, signal) => await pass(() => streams.logs(target, options, signal)),
  };
}
