// The introspection command: asks the agent that runs on this node, over its root-only socket.
import { TrunklineError } from '../base/errors.ts';
import { http } from '../base/node-http.ts';
import { agentErrors } from './errors.ts';

export const INSPECT_PATH = '/inspect';
const TIMEOUT_MS = 10_000;

/** What the agent holds, as JSON text. Throws AGENT-NOT-RUNNING when nobody answers on the socket, or the caller may not ask. */
export function askAgent(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new TrunklineError(agentErrors.notRunning, `the agent cannot be asked at ${socketPath}: ${why}`));
    const request = http.get({ socketPath, path: INSPECT_PATH, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : fail(`it answered ${response.statusCode ?? 'nothing'}`),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', (error) => fail(error.message));
  });
}
