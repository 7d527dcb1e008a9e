// One signed request through the official SDK, with every way of failing told apart once.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { z } from 'zod';

import { errorText } from '../base/errors.ts';
import { camGrant, classifyCode } from './api-codes.ts';
import type { Credential } from './credentials.ts';
import { CloudError, cloudErrors } from './errors.ts';

export type ServiceName = 'vpc' | 'cvm';

/** Both services speak this version (facts, section 2). */
const VERSION = '2017-03-12';

export interface ApiRequest {
  readonly service: ServiceName;
  readonly action: string;
  readonly body: object;
  readonly credential: Credential;
  /** An unanswered mutating request may have taken effect. */
  readonly mutating: boolean;
  readonly signal?: AbortSignal;
}

export interface ApiTransport {
  /** The `Response` of one action, undecoded. Throws CloudError; never retries. */
  send(request: ApiRequest): Promise<unknown>;
  /** Closes idle connections. */
  close(): void;
}

export interface SdkTransportOptions {
  readonly region: string;
  readonly callTimeoutMs: number;
  /** Base URLs; default the public endpoints. */
  readonly endpoints?: { readonly vpc?: string; readonly cvm?: string };
}

/** How the SDK's errors look (facts, section 4): `code` set means that the service answered. */
const sdkError = z.object({ code: z.string().optional(), message: z.string().optional(), requestId: z.string().optional() });

/** The service's codes are CamelCase words with dots; Node's own are upper case with underscores. */
const SERVICE_CODE = /^[A-Z][a-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*$/;

/** Keys travel with each request, so that rotated ones are used by the very next call. */
export function createSdkTransport(options: SdkTransportOptions): ApiTransport {
  // Explicit agents, so that proxy variables of the process never apply (facts, section 1).
  const agents = { 'http://': new HttpAgent({ keepAlive: true }), 'https://': new HttpsAgent({ keepAlive: true }) } as const;
  const clients = new Map<string, CommonClient>();

  const clientFor = (service: ServiceName, { secretId, secretKey, token }: Credential): CommonClient => {
    const key = `${service} ${secretId} ${token ?? ''}`;
    const known = clients.get(key);
    if (known !== undefined) return known;
    const publicHost = `${service}.tencentcloudapi.com`;
    const base = options.endpoints?.[service] ?? `https://${publicHost}`;
    const protocol = base.startsWith('http://') ? 'http://' : 'https://';
    const made = new CommonClient(publicHost, VERSION, {
      credential: { secretId, secretKey, ...(token === undefined ? {} : { token }) },
      region: options.region,
      profile: {
        httpProfile: { endpoint: base.slice(protocol.length), protocol, reqTimeout: options.callTimeoutMs / 1000, agent: agents[protocol] },
      },
    });
    // One per service is in use at a time; older keys are gone.
    for (const other of clients.keys()) if (other.startsWith(`${service} `)) clients.delete(other);
    clients.set(key, made);
    return made;
  };

  return {
    send: async ({ service, action, body, credential, mutating, signal }) => {
      try {
        const answer: unknown = await clientFor(service, credential).request(action, body, signal === undefined ? {} : { signal });
        return answer;
      } catch (error) {
        throw toCloudError(action, error, mutating);
      }
    },
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** Answered with a code: that code's row, nothing was done. Anything else: no answer, and a mutating call may have taken effect. */
function toCloudError(action: string, error: unknown, mutating: boolean): CloudError {
  const seen = sdkError.safeParse(error);
  const { code, message = '', requestId } = seen.success ? seen.data : {};
  if (code === undefined || !SERVICE_CODE.test(code))
    return new CloudError(cloudErrors.network, `${action}: no answer: ${errorText(error)}`, { action, outcomeUnknown: mutating, cause: error });
  const row = classifyCode(code);
  const grant = row.code === cloudErrors.unauthorized.code ? `; grant ${camGrant(action)}` : '';
  return new CloudError(row, `${action}: ${code}: ${message}${grant}`, { action, apiCode: code, ...(requestId === undefined ? {} : { requestId }), cause: error });
}
