// A transport for adapter tests: answers from a script, remembers what was sent.
import { CloudError, cloudErrors } from '../errors.ts';
import type { ApiRequest, ApiTransport } from '../transport.ts';

export type Script = (request: ApiRequest, index: number) => unknown;

export interface FakeTransport extends ApiTransport {
  readonly sent: readonly ApiRequest[];
}

/** The script gives the `Response` or throws. */
export function createFakeTransport(script: Script): FakeTransport {
  const sent: ApiRequest[] = [];
  return {
    sent,
    send: async (request) => {
      sent.push(request);
      return script(request, sent.length - 1);
    },
    close: () => undefined,
  };
}

/** An error as the transport would throw it. */
export function refuse(row: keyof typeof cloudErrors, action = 'X'): never {
  throw new CloudError(cloudErrors[row], `${action} was refused`, { action });
}
