// One signed request over HTTP through the official SDK's CommonClient; every failure becomes a CloudError.
import { Agent as HttpsAgent } from 'node:https';

import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { z } from 'zod';

import { errorText } from '../base/errors.ts';
import { http } from '../base/node-http.ts';
import { camGrant, classifyCode } from './api-codes.ts';
import type { Credential } from './credentials.ts';
import { CloudError, cloudErrors } from './errors.ts';

export type ServiceName = 'vpc' | 'cvm' | 'cam';

export interface ApiRequest {
  readonly service: ServiceName;
  readonly action: string;
  readonly body: object;
  readonly credential: Credential;
  /** Whether the call can change something, so that a missing answer leaves its outcome open. */
  readonly mutating: boolean;
  readonly signal?: AbortSignal;
}

export interface ApiTransport {
  /** The `Response` object, undecoded. Throws CloudError. Sends at most one request. */
  send(request: ApiRequest): Promise<unknown>;
  /** Closes idle connections. */
  close(): void;
}

export interface SdkTransportOptions {
  readonly region: string;
  /** Base URLs such as `http://127.0.0.1:8080`; default the public endpoints of Tencent Cloud. */
  readonly endpoints?: { readonly [service in ServiceName]?: string };
  readonly callTimeoutMs: number;
}

/** Versions of vpc and cvm: facts, section 2. GUESS: that of cam, which the facts do not speak of. */
const VERSIONS: Readonly<Record<ServiceName, string>> = { vpc: '2017-03-12', cvm: '2017-03-12', cam: '2019-01-16' };
const MAX_SOCKETS = 64;

/** Keys travel with each request, so that rotated ones are used by the very next call. */
export function createSdkTransport(options: SdkTransportOptions): ApiTransport {
  // Explicit agents: without one the SDK follows `http_proxy` even to loopback (facts, section 1).
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
  };
  const clientFor = (service: ServiceName, credential: Credential): CommonClient => {
    const url = new URL(options.endpoints?.[service] ?? `https://${service}.tencentcloudapi.com`);
    return new CommonClient(url.host, VERSIONS[service], {
      credential: { ...credential },
      region: options.region,
      profile: {
        language: 'en-US',
        httpProfile: {
          endpoint: `${url.host}${url.pathname.replace(/\/$/, '')}`,
          protocol: `${url.protocol}//`,
          reqTimeout: options.callTimeoutMs / 1000,
          agent: url.protocol === 'http:' ? agents['http:'] : agents['https:'],
        },
      },
    });
  };
  return {
    send: async ({ service, action, body, credential, mutating, signal }) => {
      try {
        const client = clientFor(service, credential);
        const answer: unknown = await client.request(action, body, signal === undefined ? {} : { signal });
        return answer;
      } catch (error) {
        throw errorOfSdk(error, { action, mutating, aborted: signal?.aborted ?? false });
      }
    },
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** The SDK's exception class is not exported; it is known by its shape: `code` set means that the service answered (facts, section 4). */
const sdkError = z.looseObject({
  code: z.string().optional(),
  message: z.string(),
  requestId: z.string().optional(),
  traceId: z.string().nullish(),
});

interface FailedCall {
  readonly action: string;
  readonly mutating: boolean;
  readonly aborted: boolean;
}

/** Turns whatever the SDK threw into a CloudError. */
export function errorOfSdk(error: unknown, call: FailedCall): CloudError {
  const { action, mutating, aborted } = call;
  const shape = sdkError.safeParse(error).data;
  const trace = (shape?.traceId ?? '') === '' ? {} : { traceId: shape?.traceId ?? '' };
  // Node's own network errors carry a `code` too, but never a request id.
  if (shape?.code !== undefined && (shape.requestId ?? '') !== '')
    return refusal(call, shape.code, shape.message, { requestId: shape.requestId ?? '', ...trace, cause: error });
  const unanswered = { action, outcomeUnknown: mutating, ...trace, cause: error };
  if (aborted) return new CloudError(cloudErrors.aborted, `${action} was given up while it was under way`, unanswered);
  return new CloudError(cloudErrors.network, `${action} got no answer: ${errorText(error)}`, unanswered);
}

interface RefusalDetails {
  readonly requestId: string;
  readonly traceId?: string;
  readonly cause: unknown;
}

function refusal({ action, mutating }: FailedCall, apiCode: string, text: string, details: RefusalDetails): CloudError {
  const row = classifyCode(apiCode);
  const grant = row === cloudErrors.unauthorized ? `; grant ${camGrant(action)}` : '';
  // After an internal error the service may have acted all the same.
  const outcomeUnknown = mutating && row === cloudErrors.service;
  const message = `${action} was refused with ${apiCode}: ${text}${grant} (request ${details.requestId})`;
  return new CloudError(row, message, { action, apiCode, outcomeUnknown, ...details });
}
