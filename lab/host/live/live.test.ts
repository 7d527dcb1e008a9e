// Processes with live input and output, with real namespaces, in each mode that this machine allows.
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeHost } from '../probe.ts';
import type { TestHost } from '../testing/test-host.ts';
import { startTestHost } from '../testing/test-host.ts';
import type { LabHost, LiveProcess } from '../types.ts';

const probe = probeHost();
const modes = [
  { mode: 'root', allowed: probe.root && probe.missing.length === 0 },
  { mode: 'rootless', allowed: probe.userns && probe.missing.length === 0 },
] as const;

interface Heard {
  stdout: string;
  stderr: string;
}

/** Everything a process says until it has ended. */
async function hear(process: LiveProcess): Promise<Heard> {
  const heard: Heard = { stdout: '', stderr: '' };
  for await (const { stream, data } of process.output) heard[stream] += data.toString();
  return heard;
}

async function hearUntil(process: LiveProcess, text: string): Promise<string> {
  let heard = '';
  // Not `for await`: leaving one would be the end of the output.
  const output = process.output[Symbol.asyncIterator]();
  while (!heard.includes(text)) {
    const next = await output.next();
    if (next.done === true) throw new Error(`ended before "${text}": ${heard}`);
    heard += next.value.data.toString();
  }
  return heard;
}

for (const { mode, allowed } of modes) {
  describe.skipIf(!allowed)(`live processes, mode ${mode}${allowed ? '' : ' (skipped: not possible here)'}`, () => {
    let test: TestHost;
    let host: LabHost;
    beforeAll(async () => {
      test = await startTestHost({ mode });
      host = test.host;
      await host.addNetns('pod');
      await host.exec(['ip', 'link', 'set', 'lo', 'up'], { netns: 'pod' });
    });
    afterAll(async () => {
      await test?.stop();
    });
    // The brackets keep the pattern from finding the shell that looks.
    const seen = (marker: string): string =>
      `cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -q '${marker.replace(/^./, '[$&]')}'`;
    const untilThere = async (marker: string): Promise<void> => {
      const look = `until ${seen(marker)}; do :; done`;
      expect((await host.exec(['sh', '-c', look])).code).toBe(0);
    };
    const untilGone = async (marker: string): Promise<void> => {
      const look = `while ${seen(marker)}; do :; done`;
      expect((await host.exec(['sh', '-c', look])).code).toBe(0);
    };

    it('keep output and errors apart and give the exit code', async () => {
      const process = await host.open(['sh', '-c', 'echo out; echo bad >&2; exit 7'], { env: { A: 'b' } });
      expect(await hear(process)).toEqual({ stdout: 'out\n', stderr: 'bad\n' });
      expect(await process.ended).toEqual({ kind: 'code', code: 7 });
    });

    it('tell everything to one who reads late and still writes after their end', async () => {
      const process = await host.open(['sh', '-c', 'echo all; exit 7'], { tty: true });
      // Nothing is read meanwhile, and the process and what carries it are done.
      execFileSync('sleep', ['0.5']);
      process.resize(24, 80);
      expect(await hear(process)).toEqual({ stdout: 'all\r\n', stderr: '' });
      expect(await process.ended).toEqual({ kind: 'code', code: 7 });
    });

    it('run in a network namespace, a root and a directory', async () => {
      const root = await host.makeRoot({ name: 'live', binds: [] });
      await host.writeFile(root, '/var/here', 'private');
      const script = 'pwd; cat here; ip -brief link | cut -d" " -f1';
      const process = await host.open(['sh', '-c', script], { netns: 'pod', root, cwd: '/var' });
      expect((await hear(process)).stdout).toBe('/var\nprivatelo\n');
    });

    it('see a machine of another name when asked, which is not the machine’s own', async () => {
      const process = await host.open(['hostname'], { hostname: 'my-pod' });
      expect((await hear(process)).stdout).toBe('my-pod\n');
      expect((await host.exec(['hostname'])).stdout).not.toBe('my-pod\n');
    });

    it('read what is written until the input is ended, and output that nobody read before is not lost', async () => {
      const process = await host.open(['sh', '-c', 'cat; echo after'], { stdin: true });
      await process.write(Buffer.from('one '));
      await process.write(Buffer.from('two '));
      process.endInput();
      expect(await hear(process)).toEqual({ stdout: 'one two after\n', stderr: '' });
    });

    it('carry far more than any buffer holds, in both directions at once', async () => {
      const process = await host.open(['cat'], { stdin: true });
      const block = Buffer.alloc(1024 * 1024, 'x');
      const writing = (async () => {
        for (let count = 0; count < 32; count++) await process.write(block);
        process.endInput();
      })();
      let bytes = 0;
      for await (const { data } of process.output) bytes += data.length;
      await writing;
      expect(bytes).toBe(32 * 1024 * 1024);
    });

    it('wait while nobody reads them', async () => {
      const process = await host.open(['sh', '-c', 'yes | head -c 20000000 >&2; echo done'], {});
      await host.exec(['true']);
      const state = await Promise.race([process.ended, host.exec(['true']).then(() => 'waits')]);
      expect(state).toBe('waits');
      expect((await hear(process)).stderr).toHaveLength(20_000_000);
    });

    it('say by which signal they ended', async () => {
      const process = await host.open(['sh', '-c', 'kill -9 $$']);
      await hear(process);
      expect(await process.ended).toEqual({ kind: 'signal', signal: 9 });
    });

    it('do not wait for background processes that hold the output open', async () => {
      const process = await host.open(['sh', '-c', 'sleep 871 & echo started']);
      expect((await hear(process)).stdout).toBe('started\n');
      await untilThere('sleep 871');
    });

    it('have a terminal when asked, of the size that was given last', async () => {
      const process = await host.open(['sh', '-c', 'tty; stty size; read go; stty size'], { tty: true, stdin: true });
      process.resize(24, 80);
      expect(await hearUntil(process, '\n')).toMatch(/^\/dev\/pts\/\d+\r\n/);
      process.resize(50, 132);
      await process.write(Buffer.from('go\n'));
      expect((await hear(process)).stdout).toContain('50 132\r\n');
      expect(await process.ended).toEqual({ kind: 'code', code: 0 });
    });

    it('give a shell job control and pass Ctrl-C on', async () => {
      const process = await host.open(['sh', '-i'], { tty: true, stdin: true });
      await process.write(Buffer.from('echo pid-$$; sleep 872\n'));
      await hearUntil(process, 'pid-');
      await untilThere('sleep 872');
      await process.write(Buffer.from('\u0003'));
      await untilGone('sleep 872');
      await process.write(Buffer.from('exit 5\n'));
      await hear(process);
      expect(await process.ended).toEqual({ kind: 'code', code: 5 });
    });

    it.each([{ tty: false }, { tty: true }])('are killed when they are left (tty: $tty)', async ({ tty }) => {
      const process = await host.open(['sh', '-c', 'trap "" HUP; sleep 873 & echo up; wait'], { tty, stdin: true });
      await hearUntil(process, 'up');
      await untilThere('sleep 873');
      process.leave();
      await untilGone('sleep 873');
      expect(await process.ended).toEqual({ kind: 'lost' });
    });

    it.each([
      [['no-such-program'], 'exec: "no-such-program": executable file not found in $PATH'],
      [['/no/such'], 'exec: "/no/such": stat /no/such: no such file or directory'],
      [['/etc'], 'exec: "/etc": permission denied'],
    ])('are refused with the runtime’s words: %j', async (argv, message) => {
      await expect(host.open(argv)).rejects.toMatchObject({ code: 'HOST-START-PROCESS', message });
    });

    it('leave nothing behind, many at once', async () => {
      const runs = Array.from({ length: 100 }, async () => {
        const process = await host.open(['true']);
        await hear(process);
        return process.ended;
      });
      expect(await Promise.all(runs)).toEqual(runs.map(() => ({ kind: 'code', code: 0 })));
      await untilGone('container-io');
    });

    it('reach a port of a namespace’s loopback, and say so when nobody listens', async () => {
      const server = await host.listen('pod', { host: '127.0.0.1', port: 0 });
      server.on('connection', (socket) => socket.pipe(socket));
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      const connection = await host.dial('pod', port);
      await connection.write(Buffer.from('echoed'));
      connection.endInput();
      expect(await hear(connection)).toEqual({ stdout: 'echoed', stderr: '' });
      await expect(host.dial('pod', 1)).rejects.toMatchObject({
        code: 'HOST-DIAL',
        message:
          'IPv4: dial tcp4 127.0.0.1:1: connect: connection refused IPv6 dial tcp6 [::1]:1: connect: connection refused',
      });
    });

    describe('with a console', () => {
      const spawnWith = async (name: string, script: string, io: { stdin?: boolean; tty?: boolean } = {}) => {
        const files = { logFile: `${test.stateDir}/${name}.log`, socket: `${test.stateDir}/${name}.sock` };
        const { stdin = false, tty = false } = io;
        const console = { socket: files.socket, stdin, stdinOnce: stdin, tty };
        const process = await host.spawn(['sh', '-c', script], { logFile: files.logFile, console });
        return { ...files, process };
      };

      it('write their output with time and stream, a last line without end as a part', async () => {
        const { process, logFile } = await spawnWith('lines', 'echo one; echo two >&2; printf rest');
        expect(await process.exited).toEqual({ code: 0, signal: null });
        await process.carried;
        const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n').toSorted();
        const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /;
        expect(lines.every((line) => time.test(line))).toBe(true);
        expect(lines.map((line) => line.replace(time, '')).toSorted()).toEqual([
          'stderr F two',
          'stdout F one',
          'stdout P rest',
        ]);
      });

      it('rotate a log of 60 MB into files of 10 MiB, of which five stay', async () => {
        const { process, logFile } = await spawnWith('big', 'yes 0123456789abcdef0123456789abcdef | head -c 60000000');
        await process.carried;
        const files = (await readdir(test.stateDir)).filter((name) => name.startsWith('big.log'));
        expect(files).toHaveLength(5);
        const rotated = files.filter((name) => name !== 'big.log');
        for (const name of rotated)
          expect((await readFile(`${test.stateDir}/${name}`)).length).toBeGreaterThan(10 << 20);
        expect(logFile.endsWith('big.log')).toBe(true);
      });

      it('split a line longer than 16 KiB', async () => {
        const { process, logFile } = await spawnWith('long', 'head -c 40000 /dev/zero | tr "\\0" x; echo');
        await process.carried;
        const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
        expect(lines.map((line) => [line.split(' ')[2], line.split(' ')[3]?.length])).toEqual([
          ['P', 16_384],
          ['P', 16_384],
          ['F', 7_232],
        ]);
      });

      it('can be attached to, and their input ends with the first who wrote', async () => {
        const { process, socket } = await spawnWith('attach', 'while read line; do echo "got $line"; done', {
          stdin: true,
        });
        const [first, second] = [await host.attach(socket), await host.attach(socket)];
        await first.write(Buffer.from('hello\n'));
        expect(await hearUntil(second, 'got')).toContain('got hello');
        first.leave();
        expect(await process.exited).toEqual({ code: 0, signal: null });
        await process.carried;
        await expect(host.attach(socket)).rejects.toThrow('has ended');
      });

      it('read to the end of what the first who attached had to say', async () => {
        const { process, socket } = await spawnWith('once', 'cat; echo end', { stdin: true });
        const attached = await host.attach(socket);
        await attached.write(Buffer.from('all of it '));
        attached.endInput();
        expect(await hear(attached)).toEqual({ stdout: 'all of it end\n', stderr: '' });
        expect(await process.exited).toEqual({ code: 0, signal: null });
      });

      it('keep their own pid, so that a signal reaches the program', async () => {
        const { process } = await spawnWith('signal', 'trap "exit 9" TERM; while :; do sleep 0.05; done', {
          tty: true,
        });
        await untilThere('sh -c trap "exit 9"');
        process.kill('SIGTERM');
        expect(await process.exited).toEqual({ code: 9, signal: null });
      });

      it('are refused when their program does not exist', async () => {
        const console = { socket: `${test.stateDir}/no.sock`, stdin: false, stdinOnce: false, tty: false };
        await expect(host.spawn(['nope'], { logFile: `${test.stateDir}/no.log`, console })).rejects.toMatchObject({
          code: 'HOST-START-PROCESS',
          message: 'exec: "nope": executable file not found in $PATH',
        });
      });
    });

    it('end with their root, also those that left their group', async () => {
      const root = await host.makeRoot({ name: 'gone', binds: [] });
      const process = await host.open(['sh', '-c', 'setsid sleep 874 & echo up'], { root });
      await hear(process);
      await untilThere('sleep 874');
      await host.removeRoot(root);
      await untilGone('sleep 874');
    });
  });
}
