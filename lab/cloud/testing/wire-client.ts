// A client that keeps its connection and gives back the very bytes of an answer, so that the answers of two clouds can be compared.
import { Agent, request as httpRequest } from 'node:http';

import { authorization } from './raw-request.ts';

export interface WireTarget {
  readonly endpoint: string;
  readonly port: number;
  readonly region: string;
  readonly secretId: string;
  readonly secretKey: string;
  /** Temporary keys only. */
  readonly token?: string;
}

export interface WireAnswer {
  /** The body; empty when the connection was cut instead. */
  readonly text: string;
  /** `none` for a call that went well, `cut` for one without an answer, or the error code. */
  readonly code: string;
}

export interface WireClient {
  call(service: WireService, action: string, body?: object): Promise<WireAnswer>;
  close(): void;
}

const versions = {
  vpc: '2017-03-12',
  cvm: '2017-03-12',
  tke: '2018-05-25',
  tag: '2018-08-13',
  sts: '2018-08-13',
  cam: '2019-01-16',
} as const;
export type WireService = keyof typeof versions;

/** Signs by `now`, with the keys of the cloud's root. */
export function createWireClient(target: WireTarget, now: () => Date): WireClient {
  const agent = new Agent({ keepAlive: true });
  const headersOf = (service: WireService, action: string, body: string): Record<string, string> => {
    const timestamp = String(Math.floor(now().getTime() / 1000));
    const contentType = 'application/json';
    const parts = { method: 'POST', query: '', contentType, host: target.endpoint, timestamp, body };
    return {
      Host: target.endpoint,
      'Content-Type': contentType,
      'X-TC-Action': action,
      'X-TC-Version': versions[service],
      'X-TC-Region': target.region,
      'X-TC-Timestamp': timestamp,
      Authorization: authorization(target, parts, service),
      ...(target.token === undefined ? {} : { 'X-TC-Token': target.token }),
    };
  };
  return {
    call: (service, action, content = {}) =>
      new Promise((resolve) => {
        const body = JSON.stringify(content);
        const cut = (): void => resolve({ text: '', code: 'cut' });
        const sent = httpRequest(
          { host: '127.0.0.1', port: target.port, method: 'POST', agent, headers: headersOf(service, action, body) },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', cut);
            response.on('end', () => {
              const text = Buffer.concat(chunks).toString();
              resolve({ text, code: /^\{"Response":\{"Error":\{"Code":"([^"]+)"/.exec(text)?.[1] ?? 'none' });
            });
          },
        );
        sent.on('error', cut);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}
