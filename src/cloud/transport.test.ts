import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';

import { CloudError } from './errors.ts';
import { answerJson, type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts';
import { type ApiTransport, createSdkTransport } from './transport.ts';

let server: ScriptedServer;
let transport: ApiTransport;

async function connect(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  callTimeoutMs = 5_000,
): Promise<void> {
  server = await startScriptedServer(answer);
  transport = createSdkTransport({
    region: 'ap-guangzhou',
    endpoints: { vpc: server.url, cvm: server.url },
    callTimeoutMs,
  });
}
afterEach(async () => {
  transport.close();
  await server.close();
});

const send = (options: { mutating?: boolean; signal?: AbortSignal; secretId?: string } = {}): Promise<unknown> => {
  const { mutating = true, secretId = 'AKIDEXAMPLE', ...rest } = options;
  return transport.send({
    service: 'vpc',
    action: 'CreateSubNetworkInterface',
    body: { A: '1' },
    credential: { secretId, secretKey: 'SKEXAMPLE' },
    mutating,
    ...rest,
  });
};
const failure = async (options: Parameters<typeof send>[0] = {}): Promise<CloudError> => {
  const error = await send(options).catch((thrown: unknown) => thrown);
  if (error instanceof CloudError) return error;
  throw new Error(`expected a CloudError, got ${String(error)}`);
};
const refusing =
  (code: string) =>
  (_request: IncomingMessage, response: ServerResponse): void =>
    answerJson(response, { Response: { Error: { Code: code, Message: 'text' }, RequestId: 'req-1' } });

describe('an answer', () => {
  test('is the Response object; the request is signed with version, action and region', async () => {
    await connect((_request, response) => answerJson(response, { Response: { RequestId: 'req-1', B: 2 } }));
    expect(await send()).toEqual({ RequestId: 'req-1', B: 2 });
    const [request] = server.requests;
    expect(request?.body).toBe('{"A":"1"}');
    expect(request?.headers).toMatchObject({
      'x-tc-action': 'CreateSubNetworkInterface',
      'x-tc-version': '2017-03-12',
      'x-tc-region': 'ap-guangzhou',
    });
    expect(request?.headers['authorization']).toMatch(/^TC3-HMAC-SHA256 Credential=AKIDEXAMPLE\//);
  });

  test('to the next call is asked for with rotated keys', async () => {
    await connect((_request, response) => answerJson(response, { Response: { RequestId: 'req-1' } }));
    await send({ secretId: 'AKIDFIRST' });
    await send({ secretId: 'AKIDSECOND' });
    expect(
      server.requests.map((request) => /Credential=(\w+)/.exec(request.headers['authorization'] ?? '')?.[1]),
    ).toEqual(['AKIDFIRST', 'AKIDSECOND']);
  });
});

describe('a refusal', () => {
  test('has its row, code and request id, and a known outcome', async () => {
    await connect(refusing('ResourceInsufficient.Subnet'));
    expect(await failure()).toMatchObject({
      code: 'CLOUD-SUBNET-DRY',
      apiCode: 'ResourceInsufficient.Subnet',
      requestId: 'req-1',
      outcomeUnknown: false,
    });
  });

  test('for want of permission names the CAM action and the documented policy', async () => {
    await connect(refusing('UnauthorizedOperation'));
    const error = await failure();
    expect([error.code, error.retry]).toEqual(['CLOUD-UNAUTHORIZED', 'terminal']);
    expect(error.message).toContain('vpc:CreateSubNetworkInterface (policy SubENIForIPAMD of spec 002)');
  });

  test('with an internal error leaves the outcome of a mutating call open, and that of a read not', async () => {
    await connect(refusing('InternalError'));
    expect(await failure()).toMatchObject({ code: 'CLOUD-SERVICE', outcomeUnknown: true });
    expect(await failure({ mutating: false })).toMatchObject({ code: 'CLOUD-SERVICE', outcomeUnknown: false });
  });
});

describe('no good answer', () => {
  test.each([
    ['a cut connection', (_request: IncomingMessage, response: ServerResponse) => void response.socket?.destroy()],
    [
      'another status than 200',
      (_request: IncomingMessage, response: ServerResponse) => {
        response.statusCode = 502;
        response.end('bad gateway');
      },
    ],
    ['a body that is not JSON', (_request: IncomingMessage, response: ServerResponse) => void response.end('<html>')],
    ['JSON without Response', (_request: IncomingMessage, response: ServerResponse) => answerJson(response, {})],
  ])('because of %s is CLOUD-NETWORK with an open outcome', async (_name, answer) => {
    await connect(answer);
    expect(await failure()).toMatchObject({ code: 'CLOUD-NETWORK', retry: 'retry', outcomeUnknown: true });
  });

  test('within the time-out is CLOUD-NETWORK with an open outcome', async () => {
    await connect(() => undefined, 50);
    expect(await failure()).toMatchObject({ code: 'CLOUD-NETWORK', outcomeUnknown: true });
  });

  test('of a read leaves nothing open', async () => {
    await connect((_request, response) => void response.socket?.destroy());
    expect(await failure({ mutating: false })).toMatchObject({ code: 'CLOUD-NETWORK', outcomeUnknown: false });
  });

  test('because the caller gave up under way is CLOUD-ABORTED with an open outcome', async () => {
    const stop = new AbortController();
    await connect(() => stop.abort(new Error('stop')));
    expect(await failure({ signal: stop.signal })).toMatchObject({ code: 'CLOUD-ABORTED', outcomeUnknown: true });
  });
});

test('proxy variables of the process do not apply', async () => {
  const before = process.env['http_proxy'];
  process.env['http_proxy'] = 'http://127.0.0.1:1';
  try {
    await connect((_request, response) => answerJson(response, { Response: { RequestId: 'req-1' } }));
    expect(await send()).toEqual({ RequestId: 'req-1' });
  } finally {
    if (before === undefined) delete process.env['http_proxy'];
    else process.env['http_proxy'] = before;
  }
});
