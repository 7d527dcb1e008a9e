import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { fileCredentials } from './credentials-files.ts';
import { oidcCredentials } from './credentials-oidc.ts';
import { roleCredentials } from './credentials-role.ts';
import { temporaryCredentials } from './credentials-temporary.ts';
import { answerJson, type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts';

let clock: FakeClock;
let directory: string;
let server: ScriptedServer | undefined;

beforeEach(async () => {
  clock = createFakeClock();
  directory = await mkdtemp(join(tmpdir(), 'credentials-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

const put = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
const unixIn = (seconds: number): number => clock.now().getTime() / 1000 + seconds;

describe('keys from files', () => {
  test('are read again after they changed, without a line break at the end', async () => {
    const source = fileCredentials({ directory });
    await put('secretId', 'id-1\n');
    await put('secretKey', 'key-1\n');
    expect(await source.get()).toEqual({ secretId: 'id-1', secretKey: 'key-1' });
    await put('secretId', 'id-2');
    await put('secretKey', 'key-2');
    await put('token', 'token-2');
    expect(await source.get()).toEqual({ secretId: 'id-2', secretKey: 'key-2', token: 'token-2' });
  });

  test('that are missing or empty are named', async () => {
    const source = fileCredentials({ directory });
    await expect(source.get()).rejects.toMatchObject({
      code: 'CLOUD-CREDENTIALS',
      message: expect.stringContaining(join(directory, 'secretId')) as string,
    });
    await put('secretId', 'id');
    await put('secretKey', ' ');
    await expect(source.get()).rejects.toThrow(/secretKey is empty/);
  });

  test('are never of two versions of the Secret', async () => {
    let reads = 0;
    const read = async (path: string): Promise<string> => {
      reads += 1;
      // The Secret is swapped between the first two files of the first reading.
      return `${path.split('/').at(-1)}-${reads <= 2 ? 'old' : 'new'}`;
    };
    expect(await fileCredentials({ directory, read }).get()).toEqual({
      token: 'token-new',
      secretId: 'secretId-new',
      secretKey: 'secretKey-new',
    });
  });
});

describe('temporary keys', () => {
  const source = (fetchKeys: (call: number) => Promise<{ secretId: string; secretKey: string; expiresAt: Date }>) => {
    let calls = 0;
    return {
      source: temporaryCredentials({ clock, source: 'test', fetchKeys: () => fetchKeys((calls += 1)) }),
      calls: () => calls,
    };
  };
  const keysFor = (call: number, seconds: number) => ({
    secretId: `id-${call}`,
    secretKey: 'key',
    expiresAt: new Date(clock.now().getTime() + seconds * 1000),
  });

  test('are fetched once however many calls wait, and again five minutes before their end', async () => {
    const keys = source(async (call) => keysFor(call, 3600));
    await Promise.all([keys.source.get(), keys.source.get(), keys.source.get()]);
    await clock.advance(54 * 60_000);
    await keys.source.get();
    expect(keys.calls()).toBe(1);
    await clock.advance(2 * 60_000);
    expect((await keys.source.get()).secretId).toBe('id-2');
  });

  test('serve on while they are valid and their source fails, then the failure is told', async () => {
    const keys = source(async (call) => {
      if (call > 1) throw new Error('metadata is down');
      return keysFor(call, 3600);
    });
    await keys.source.get();
    await clock.advance(57 * 60_000);
    expect((await keys.source.get()).secretId).toBe('id-1');
    expect((await keys.source.get()).secretId).toBe('id-1');
    expect(keys.calls()).toBe(2);
    await clock.advance(4 * 60_000);
    await expect(keys.source.get()).rejects.toMatchObject({
      code: 'CLOUD-CREDENTIALS',
      message: 'no keys from test: metadata is down',
    });
  });
});

describe('keys of the CVM role', () => {
  test('come from the metadata service, by the name that it gives', async () => {
    const keys = {
      Code: 'Success',
      TmpSecretId: 'id',
      TmpSecretKey: 'key',
      Token: 'token',
      ExpiredTime: unixIn(7200),
      Expiration: '',
    };
    server = await startScriptedServer((request, response) =>
      request.url?.endsWith('/ipamd-role') === true ? answerJson(response, keys) : void response.end('ipamd-role'),
    );
    const source = roleCredentials({ clock, metadataUrl: `${server.url}/latest/meta-data` });
    expect(await source.get()).toMatchObject({ secretId: 'id', secretKey: 'key', token: 'token' });
    expect(server.requests.map((request) => request.path)).toEqual([
      '/latest/meta-data/cam/security-credentials/',
      '/latest/meta-data/cam/security-credentials/ipamd-role',
    ]);
  });

  test('without a role say so', async () => {
    server = await startScriptedServer((_request, response) => {
      response.statusCode = 404;
      response.end();
    });
    await expect(roleCredentials({ clock, metadataUrl: server.url }).get()).rejects.toThrow(
      /is a role bound to this instance\?/,
    );
  });
});

test('keys through OIDC: the token of the file is sent unsigned, and read anew for each refresh', async () => {
  server = await startScriptedServer((_request, response) =>
    answerJson(response, {
      Response: {
        RequestId: 'r',
        ExpiredTime: unixIn(600),
        Expiration: '',
        Credentials: { TmpSecretId: 'id', TmpSecretKey: 'key', Token: 'token' },
      },
    }),
  );
  await put('jwt', 'first');
  const source = oidcCredentials({
    clock,
    region: 'ap-guangzhou',
    providerId: 'cls-1',
    roleArn: 'qcs::cam::uin/1:roleName/r',
    tokenFile: join(directory, 'jwt'),
    stsEndpoint: server.url,
  });
  expect(await source.get()).toMatchObject({ secretId: 'id', secretKey: 'key', token: 'token' });
  await put('jwt', 'second');
  await clock.advance(6 * 60_000);
  await source.get();
  expect(server.requests.map((request) => request.headers['authorization'])).toEqual(['SKIP', 'SKIP']);
  expect(
    server.requests.map((request) => (JSON.parse(request.body) as { WebIdentityToken: string }).WebIdentityToken),
  ).toEqual(['first', 'second']);
});
