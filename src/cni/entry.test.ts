// The CNI entries, the C file on both processors and its sh fallback, against a real agent socket: one suite, so that they stay the same.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeCall } from './call.ts';
import { cniErrorResultSchema } from './error.ts';
import { arm64Unavailable, buildForArm64 } from './testing/arm64.ts';
import { cniVersions } from './version.ts';

const SOURCES = resolve(import.meta.dirname, '../../native/cni-entry');
/** Without it one test is skipped, by name. */
const STRACE = spawnSync('strace', ['-V']).status === 0;
const CONF = '{"cniVersion":"1.0.0","name":"tke-eni","type":"tke-route-eni"}\n';

const KINDS = [
  ['cni-entry.c', 'c'],
  ['cni-entry.sh', 'sh'],
  ...(arm64Unavailable === undefined ? [['cni-entry.c for arm64, by qemu', 'arm64'] as const] : []),
] as const;

if (arm64Unavailable !== undefined) it.skip(`cni-entry.c for arm64: unavailable without ${arm64Unavailable}`);

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
}

const folder = mkdtempSync(join(tmpdir(), 'cni-entry-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  execFileSync('sh', [join(SOURCES, 'build.sh'), join(folder, 'c', 'tke-route-eni')]);
  mkdirSync(join(folder, 'sh'));
  mkdirSync(join(folder, 'arm64'));
  if (arm64Unavailable === undefined) buildForArm64(join(SOURCES, 'build.sh'), join(folder, 'arm64', 'tke-route-eni'));
  copyFileSync(join(SOURCES, 'cni-entry.sh'), join(folder, 'sh', 'tke-route-eni'));
  for (const kind of KINDS.map(([, one]) => one)) {
    copyFileSync(join(folder, kind, 'tke-route-eni'), join(folder, kind, 'tke-eni-ipamc'));
    chmodSync(join(folder, kind, 'tke-route-eni'), 0o755);
    chmodSync(join(folder, kind, 'tke-eni-ipamc'), 0o755);
  }
});

describe.each(KINDS)('%s', (_, kind) => {
  const cleanups: (() => void)[] = [];
  let round = 0;
  const place = (): { readonly socket: string; readonly tombstones: string } => {
    const base = join(folder, `${kind}${round++}`);
    mkdirSync(base);
    return { socket: join(base, 'agent.sock'), tombstones: join(base, 'state', 'tombstones') };
  };
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  const call = (
    where: { readonly socket: string; readonly tombstones: string },
    variables: Readonly<Record<string, string>>,
    options: { readonly stdin?: string | Buffer; readonly program?: string; readonly holdStdin?: boolean } = {},
  ): Promise<Answer> =>
    new Promise((done, failed) => {
      const child = spawn(join(folder, kind, options.program ?? 'tke-route-eni'), {
        env: {
          PATH: '/usr/bin:/bin',
          TKE_ENI_AGENT_SOCKET: where.socket,
          TKE_ENI_AGENT_TOMBSTONES: where.tombstones,
          // Would lead curl away from the socket.
          http_proxy: 'http://127.0.0.1:1',
          ...variables,
        },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const stdout: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stdin.on('error', () => undefined);
      child.on('error', failed);
      child.on('close', (code) => done({ code, stdout: Buffer.concat(stdout).toString() }));
      child.stdin.end(options.stdin ?? CONF);
    });

  const agent = async (
    where: { readonly socket: string },
    reply: (asked: Asked, response: ServerResponse) => void,
  ): Promise<readonly Asked[]> => {
    const asked: Asked[] = [];
    const server: Server = createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const one = {
          method: request.method,
          url: request.url,
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        };
        asked.push(one);
        reply(one, response);
      });
    });
    await new Promise<void>((done) => server.listen(where.socket, done));
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return asked;
  };

  const variables = (command: string): Record<string, string> => ({
    CNI_COMMAND: command,
    CNI_CONTAINERID: 'abc123',
    CNI_NETNS: '/run/netns/cni-1',
    CNI_IFNAME: 'eth0',
    CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p',
    CNI_PATH: '/opt/cni/bin',
  });
  const ok = (_asked: Asked, response: ServerResponse): void => {
    response.end('{"cniVersion":"1.0.0"}');
  };
  const errorOf = (answer: Answer) => cniErrorResultSchema.parse(JSON.parse(answer.stdout));

  it('hands the agent every CNI variable as a header and the configuration byte for byte', async () => {
    const where = place();
    const asked = await agent(where, ok);
    await call(where, variables('ADD'));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/cni', body: CONF });
    expect(asked[0]?.headers).toMatchObject({
      'x-cni-command': 'ADD',
      'x-cni-containerid': 'abc123',
      'x-cni-netns': '/run/netns/cni-1',
      'x-cni-ifname': 'eth0',
      'x-cni-args': 'IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p',
      'x-cni-path': '/opt/cni/bin',
    });
  });

  it('sends no header for a variable that is not set', async () => {
    const where = place();
    const asked = await agent(where, ok);
    expect(await call(where, { CNI_COMMAND: 'STATUS' })).toEqual({ code: 0, stdout: '{"cniVersion":"1.0.0"}' });
    expect(Object.keys(asked[0]?.headers ?? {}).filter((name) => name.startsWith('x-cni-'))).toEqual(['x-cni-command']);
  });

  it('prints the answer and succeeds on 200', async () => {
    const where = place();
    await agent(where, (_asked, response) => response.end('{"ips":[]}'));
    expect(await call(where, variables('ADD'))).toEqual({ code: 0, stdout: '{"ips":[]}' });
  });

  it('succeeds without output on an empty 200', async () => {
    const where = place();
    await agent(where, (_asked, response) => {
      response.writeHead(200, { 'content-length': '0' });
      response.end();
    });
    expect(await call(where, variables('DEL'))).toEqual({ code: 0, stdout: '' });
    expect(existsSync(where.tombstones)).toBe(false);
  });

  it('prints the error result and fails on any other status, also for DEL', async () => {
    const where = place();
    await agent(where, (_asked, response) => {
      response.statusCode = 500;
      response.end('{"code":7,"msg":"no"}');
    });
    for (const command of ['ADD', 'DEL'])
      expect(await call(where, variables(command))).toEqual({ code: 1, stdout: '{"code":7,"msg":"no"}' });
    expect(existsSync(where.tombstones)).toBe(false);
  });

  it('carries a configuration of nearly 1 MiB and refuses a larger one', async () => {
    const where = place();
    const asked = await agent(where, ok);
    expect((await call(where, variables('ADD'), { stdin: 'x'.repeat(1024 * 1024) })).code).toBe(0);
    expect(asked[0]?.body.length).toBe(1024 * 1024);
    const refused = await call(where, variables('ADD'), { stdin: 'x'.repeat(1024 * 1024 + 1) });
    expect(refused.code).toBe(1);
    expect(errorOf(refused).code).toBe(6);
    expect(asked).toHaveLength(1);
  });

  it('answers VERSION without the agent, with the versions that the agent speaks', async () => {
    const answer = await call(place(), { CNI_COMMAND: 'VERSION' });
    expect(answer.code).toBe(0);
    expect(JSON.parse(answer.stdout)).toEqual({ cniVersion: '1.1.0', supportedVersions: [...cniVersions] });
  });

  it.each([
    ['ADD', 11],
    ['CHECK', 11],
    ['GC', 11],
    ['STATUS', 50],
  ])('tells where the agent should be when it is not there: %s is code %i', async (command, code) => {
    const where = place();
    const answer = await call(where, variables(command));
    expect(answer.code).toBe(1);
    expect(errorOf(answer)).toMatchObject({ code });
    expect(errorOf(answer).msg.startsWith(`tke-eni-agent is not reachable at ${where.socket}: `)).toBe(true);
  });

  it('records a DEL durably when the agent is not there, in a form that decodes to the same call', async () => {
    const where = place();
    expect(await call(where, variables('DEL'))).toEqual({ code: 0, stdout: '' });
    expect(readdirSync(where.tombstones)).toEqual(['abc123']);
    const text = readFileSync(join(where.tombstones, 'abc123'), 'utf8');
    const [head = '', body] = text.split(/\r\n\r\n(.*)/s);
    const headers = new Map(
      head.split('\r\n').map((line) => [line.split(': ')[0]?.toLowerCase(), line.slice(line.indexOf(': ') + 2)]),
    );
    expect(decodeCall((name) => headers.get(name) ?? '', body ?? '')).toEqual({
      command: 'DEL',
      containerId: 'abc123',
      netns: '/run/netns/cni-1',
      ifName: 'eth0',
      args: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p',
      stdin: CONF,
    });
  });

  it.skipIf(!STRACE)('syncs the tombstone and its folder before it succeeds', async () => {
    const where = place();
    const trace = join(folder, `${kind}.trace`);
    const child = spawn(
      'strace',
      ['-f', '-o', trace, '-e', 'trace=fsync,rename,renameat,renameat2', join(folder, kind, 'tke-route-eni')],
      {
        env: {
          PATH: '/usr/bin:/bin',
          TKE_ENI_AGENT_SOCKET: where.socket,
          TKE_ENI_AGENT_TOMBSTONES: where.tombstones,
          ...variables('DEL'),
        },
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    await new Promise((done) => {
      child.on('close', done);
      child.stdin.end(CONF);
    });
    const order = readFileSync(trace, 'utf8').match(/fsync|rename/g) ?? [];
    expect(order).toEqual(['fsync', 'rename', 'fsync']);
  });

  it.each(['../evil', '.hidden', 'a/b', ''])('records nothing under the container id %j', async (id) => {
    const where = place();
    const answer = await call(where, { ...variables('DEL'), CNI_CONTAINERID: id });
    expect(answer.code).toBe(1);
    expect(errorOf(answer).code).toBe(4);
    expect(existsSync(where.tombstones) ? readdirSync(where.tombstones) : []).toEqual([]);
  });

  it('fails a DEL that it can neither deliver nor record', async () => {
    const where = place();
    const answer = await call({ ...where, tombstones: '/proc/nowhere' }, variables('DEL'));
    expect(answer.code).toBe(1);
    expect(errorOf(answer).code).toBe(5);
    expect(errorOf(answer).msg).toContain('/proc/nowhere');
  });

  it.each(['\n', '\r', '\r\nX-CNI-Command: DEL'])('refuses a value with a line break (%j)', async (breaks) => {
    const where = place();
    const asked = await agent(where, ok);
    const answer = await call(where, { ...variables('ADD'), CNI_ARGS: `a=b${breaks}` });
    expect(answer.code).toBe(1);
    expect(errorOf(answer)).toMatchObject({ code: 4, msg: expect.stringContaining('CNI_ARGS') as string });
    expect(asked).toHaveLength(0);
  });

  it.each(['', 'add', 'PUT'])('refuses the command %j without the agent', async (command) => {
    const answer = await call(place(), { ...variables('ADD'), CNI_COMMAND: command });
    expect(answer.code).toBe(1);
    expect(errorOf(answer).code).toBe(4);
  });

  it('gives up on an agent that accepts and never answers', async () => {
    const where = place();
    await agent(where, () => undefined);
    const short = { TKE_ENI_AGENT_TIMEOUT_SECONDS: '1' };
    const [added, deleted] = await Promise.all([
      call(where, { ...variables('ADD'), ...short }),
      call(where, { ...variables('DEL'), ...short }),
    ]);
    expect(errorOf(added).code).toBe(11);
    expect(deleted).toEqual({ code: 0, stdout: '' });
    expect(readdirSync(where.tombstones)).toEqual(['abc123']);
  });

  it.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"ips"'],
    ['something else', 'SSH-2.0-OpenSSH\r\n'],
  ])('takes an agent that answers %s as not reachable', async (_what, bytes) => {
    const where = place();
    const server = createNetServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(bytes));
    });
    await new Promise<void>((done) => server.listen(where.socket, done));
    cleanups.push(() => server.close());
    const answer = await call(where, variables('ADD'));
    expect(answer.code).toBe(1);
    expect(errorOf(answer).code).toBe(11);
  });

  it('is no plugin of its own under the IPAM name, but keeps no Pod from ending', async () => {
    const where = place();
    const asked = await agent(where, ok);
    const added = await call(where, variables('ADD'), { program: 'tke-eni-ipamc' });
    expect(errorOf(added)).toMatchObject({ code: 7, msg: expect.stringContaining('tke-route-eni') as string });
    expect((await call(where, variables('DEL'), { program: 'tke-eni-ipamc' })).code).toBe(0);
    expect((await call(where, { CNI_COMMAND: 'VERSION' }, { program: 'tke-eni-ipamc' })).code).toBe(0);
    expect(asked).toHaveLength(0);
  });
});
