// The lab host with real namespaces, in each mode that this machine allows.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeHost } from './probe.ts';
import type { TestHost } from './testing/test-host.ts';
import { PROJECT_DIR, startTestHost } from './testing/test-host.ts';
import type { LabHost } from './types.ts';

const probe = probeHost();
const modes = [
  { mode: 'root', allowed: probe.root && probe.missing.length === 0 },
  { mode: 'rootless', allowed: probe.userns && probe.missing.length === 0 },
] as const;

for (const { mode, allowed } of modes) {
  describe.skipIf(!allowed)(
    `lab host, mode ${mode}${allowed ? '' : ' (skipped: not possible on this machine)'}`,
    () => {
      let test: TestHost;
      let host: LabHost;
      beforeAll(async () => {
        test = await startTestHost({ mode });
        host = test.host;
      });
      afterAll(async () => {
        await test?.stop();
      });

      describe('exec', () => {
        it('gives code, stdout and stderr, and passes stdin, environment and directory', async () => {
          const script = 'cat; echo $GREETING; pwd; echo bad >&2; exit 3';
          const result = await host.exec(['sh', '-c', script], {
            stdin: 'in ',
            env: { GREETING: 'hello' },
            cwd: '/usr',
          });
          expect(result).toEqual({ code: 3, stdout: 'in hello\n/usr\n', stderr: 'bad\n' });
        });

        it('gives 127 for a program that does not exist, with and without a root', async () => {
          const root = await host.makeRoot({ name: 'r127', binds: [] });
          expect((await host.exec(['no-such-program'])).code).toBe(127);
          expect((await host.exec(['no-such-program'], { root })).code).toBe(127);
        });

        it('kills a program and its children when the time is over', async () => {
          const slow = host.exec(['sh', '-c', 'sleep 543 & wait'], { timeoutMs: 100 });
          await expect(slow).rejects.toMatchObject({ code: 'HOST-TIMEOUT' });
          const seen = await host.exec(['sh', '-c', 'while grep -qs "[s]leep.543" /proc/[0-9]*/cmdline; do :; done']);
          expect(seen.code).toBe(0);
        });

        it('does not inherit the environment of the lab', async () => {
          const { stdout } = await host.exec(['env']);
          expect(stdout.split('\n').map((line) => line.split('=')[0])).toEqual(
            expect.arrayContaining(['PATH', 'HOME', 'LANG']),
          );
          expect(stdout).not.toMatch(/VITEST|NODE_CHANNEL|proxy/i);
        });

        it('leaves no zombies of orphans behind', async () => {
          await host.exec(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do (sh -c "exit 0" &); done']);
          const waited = await host.exec(['sh', '-c', 'while grep -qs "^State:.Z" /proc/[0-9]*/status; do :; done']);
          expect(waited.code).toBe(0);
        });
      });

      describe('network namespaces', () => {
        it('hold only their own loopback, and the way in is by name', async () => {
          await host.addNetns('n1');
          expect((await host.exec(['ip', '-brief', 'link'], { netns: 'n1' })).stdout).toMatch(/^lo .*\n$/);
        });

        it('are refused when unknown, added twice, or malformed', async () => {
          await host.addNetns('twice');
          await expect(host.exec(['true'], { netns: 'nowhere' })).rejects.toMatchObject({ code: 'HOST-UNKNOWN-NETNS' });
          await expect(host.addNetns('twice')).rejects.toMatchObject({ code: 'HOST-BAD-REQUEST' });
          await expect(host.addNetns('../etc')).rejects.toMatchObject({ code: 'HOST-BAD-REQUEST' });
        });

        it('are gone after their deletion', async () => {
          await host.addNetns('brief');
          await host.deleteNetns('brief');
          await expect(host.exec(['true'], { netns: 'brief' })).rejects.toMatchObject({ code: 'HOST-UNKNOWN-NETNS' });
        });

        it('do not change the network of the user', async () => {
          expect((await host.exec(['readlink', '/proc/self/ns/net'])).stdout).toBe(
            (await host.exec(['readlink', '/proc/1/ns/net'])).stdout,
          );
        });
      });

      describe('roots', () => {
        it('see namespaces that were added after them, and no longer those deleted', async () => {
          const root = await host.makeRoot({ name: 'sees', binds: [] });
          await host.addNetns('later');
          const inside = await host.exec(['nsenter', '--net=/run/netns/later', 'ip', '-brief', 'link'], { root });
          expect(inside).toMatchObject({ code: 0, stdout: expect.stringMatching(/^lo /) });
          await host.deleteNetns('later');
          expect((await host.exec(['ls', '/run/netns'], { root })).stdout).not.toContain('later');
        });

        it('keep what is written to /etc, /run, /tmp, /opt and /var from the machine and from each other', async () => {
          const one = await host.makeRoot({ name: 'one', binds: [] });
          const two = await host.makeRoot({ name: 'two', binds: [] });
          const paths = [
            '/etc/trunkline-w',
            '/run/trunkline-w',
            '/tmp/trunkline-w',
            '/opt/trunkline-w',
            '/var/lib/trunkline-w',
          ];
          const written = await host.exec(
            ['sh', '-c', 'for f in "$@"; do echo x >$f || exit 1; done', 'sh', ...paths],
            { root: one },
          );
          expect(written.code).toBe(0);
          for (const path of paths) {
            expect(await host.readFile(one, path)).toBe('x\n');
            expect(await host.readFile(two, path)).toBeUndefined();
            expect(existsSync(path)).toBe(false);
          }
        });

        it('read the machine through, its /etc included', async () => {
          const root = await host.makeRoot({ name: 'through', binds: [] });
          expect(await host.readFile(root, '/etc/passwd')).toBe(await readFile('/etc/passwd', 'utf8'));
          expect((await host.exec(['test', '-f', join(PROJECT_DIR, 'package.json')], { root })).code).toBe(0);
        });

        it('follow links inside themselves, for files as for working directories', async () => {
          const root = await host.makeRoot({ name: 'links', binds: [] });
          await host.exec(['ln', '-s', '/run/real', '/etc/link'], { root });
          await host.writeFile(root, '/run/real/file', 'content', 0o600);
          expect(await host.readFile(root, '/etc/link/file')).toBe('content');
          expect((await host.exec(['sh', '-c', 'pwd -P; stat -c %a file'], { root, cwd: '/etc/link' })).stdout).toBe(
            '/run/real\n600\n',
          );
          expect(existsSync('/run/real')).toBe(false);
        });

        it('bind files and directories, also of another root, also read-only', async () => {
          const node = await host.makeRoot({ name: 'node', binds: [] });
          await host.writeFile(node, '/var/lib/secret/token', 't0');
          await mkdir(join(test.stateDir, 'shared'));
          await writeFile(join(test.stateDir, 'file'), 'f0');
          const pod = await host.makeRoot({
            name: 'pod',
            binds: [
              { source: '/var/lib/secret', sourceRoot: node, target: '/var/run/secrets', readOnly: true },
              { source: join(test.stateDir, 'shared'), target: '/data' },
              { source: join(test.stateDir, 'file'), target: '/etc/conf/file', readOnly: true },
            ],
          });
          expect(await host.readFile(pod, '/var/run/secrets/token')).toBe('t0');
          expect(await host.readFile(pod, '/etc/conf/file')).toBe('f0');
          await host.writeFile(pod, '/data/out', 'd0');
          expect(await readFile(join(test.stateDir, 'shared/out'), 'utf8')).toBe('d0');
          const refused = await host.exec(['sh', '-c', 'echo x >/var/run/secrets/token; echo x >/etc/conf/file'], {
            root: pod,
          });
          expect(refused.stderr.match(/Read-only file system/g)).toHaveLength(2);
        });

        it('name a bind source that does not exist, and leave nothing of the root', async () => {
          const spec = { name: 'broken', binds: [{ source: '/no/such', target: '/x' }] };
          await expect(host.makeRoot(spec)).rejects.toThrow(/\/no\/such.*does not exist/);
          await host.makeRoot({ ...spec, binds: [] });
        });

        it('can be removed while the machine and other roots stay as they were', async () => {
          const root = await host.makeRoot({ name: 'removed', binds: [] });
          const other = await host.makeRoot({ name: 'other', binds: [] });
          await host.addNetns('stays');
          await host.removeRoot(root);
          await expect(host.exec(['true'], { root })).rejects.toMatchObject({ code: 'HOST-UNKNOWN-ROOT' });
          expect((await host.exec(['ip', '-brief', 'link'], { netns: 'stays', root: other })).code).toBe(0);
          expect(existsSync(join(PROJECT_DIR, 'package.json'))).toBe(true);
        });

        it('show a project that lies in /tmp at its own path', async () => {
          const projectDir = await mkdtemp(join(tmpdir(), 'trunkline-project-'));
          await writeFile(join(projectDir, 'mark'), 'here');
          const second = await startTestHost({ mode, projectDir });
          try {
            const root = await second.host.makeRoot({ name: 'r', binds: [] });
            expect((await second.host.exec(['cat', 'mark'], { root, cwd: projectDir })).stdout).toBe('here');
            expect((await second.host.exec(['ls', tmpdir()], { root })).stdout.trim().split('\n')).toHaveLength(1);
          } finally {
            await second.stop();
            await rm(projectDir, { recursive: true });
          }
        });
      });

      describe('spawn', () => {
        it('runs in its place, logs to a file and ends by the signal it is sent', async () => {
          await host.addNetns('spawned');
          const root = await host.makeRoot({ name: 'spawned', binds: [] });
          const logFile = join(test.stateDir, 'logs/spawned');
          const script = 'mkfifo /run/go; echo started; read line </run/go; echo $line >&2; exec sleep 600';
          const running = await host.spawn(['sh', '-c', script], { netns: 'spawned', root, logFile });
          await host.exec(['sh', '-c', 'until [ -p /run/go ]; do :; done; echo go >/run/go'], { root });
          const sleeping = `until grep -q sleep /proc/${running.pid}/comm; do :; done`;
          expect((await host.exec(['sh', '-c', sleeping])).code).toBe(0);
          running.kill('SIGTERM');
          expect(await running.exited).toEqual({ code: null, signal: 'SIGTERM' });
          expect(await readFile(logFile, 'utf8')).toBe('started\ngo\n');
        });

        it('tells the exit code, also of a program that ends at once', async () => {
          const running = await host.spawn(['sh', '-c', 'exit 7'], { logFile: join(test.stateDir, 'log') });
          expect(await running.exited).toEqual({ code: 7, signal: null });
        });
      });

      describe('listen', () => {
        const greet = (server: Server): void => {
          server.on('connection', (socket: Socket) => socket.resume().end('HTTP/1.0 200 OK\r\n\r\nhello'));
        };

        it('serves a socket of the namespace in this process, and only there', async () => {
          await host.addNetns('served');
          await host.exec(['ip', 'link', 'set', 'lo', 'up'], { netns: 'served' });
          const server = await host.listen('served', { host: '127.0.0.1', port: 18_080 });
          greet(server);
          const curl = ['curl', '--silent', '--max-time', '5', 'http://127.0.0.1:18080/'];
          for (let i = 0; i < 5; i += 1) expect((await host.exec(curl, { netns: 'served' })).stdout).toBe('hello');
          expect((await host.exec(curl)).code).toBe(7);
          server.close();
          await once(server, 'close');
          expect((await host.exec(curl, { netns: 'served' })).code).toBe(7);
        });

        it('names an address that cannot be had', async () => {
          await host.addNetns('unserved');
          // Without any address the kernel lets a socket have every address.
          await host.exec(['ip', 'link', 'set', 'lo', 'up'], { netns: 'unserved' });
          const listening = host.listen('unserved', { host: '192.0.2.1', port: 80 });
          await expect(listening).rejects.toMatchObject({
            code: 'HOST-LISTEN',
            message: expect.stringContaining('192.0.2.1:80'),
          });
        });
      });
    },
  );
}
