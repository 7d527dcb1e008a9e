// exec, attach, port-forward and logs of real containers: through the real kubectl, and through the JavaScript client.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Exec, KubeConfig, PortForward } from '@kubernetes/client-node';
import type { V1Status } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packetsPossible } from '../../host/testing/test-host.ts';
import { probeHost } from '../../host/probe.ts';
import { kubectlIsMissing } from '../apiserver/testing/kubectl.ts';
import { untilGone } from '../testing/until-object.ts';
import { labPods } from './pod-view.ts';
import { NAMESPACE, startKubeletBench } from './testing/kubelet-bench.ts';
import type { KubeletBench } from './testing/kubelet-bench.ts';

const { possible, why } = packetsPossible(probeHost());
const noKubectl = kubectlIsMissing({ ci: process.env['CI'] !== undefined });

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(!possible)(`streams of containers${why}`, () => {
  let bench: KubeletBench;
  let folder: string;
  beforeAll(async () => {
    bench = await startKubeletBench();
    folder = await mkdtemp(join(tmpdir(), 'trunkline-streams-'));
    await writeFile(join(folder, 'config'), bench.api.adminKubeconfig(), { mode: 0o600 });
    await bench.installCni();
    await bench.addPod('web', {
      containers: [
        { name: 'web', image: 'nginx:1.27' },
        { name: 'tool', image: 'busybox', command: ['sh', '-c', 'echo from the tool; exec sleep infinity'] },
      ],
    });
    await bench.untilPod('web', (pod) => pod.status?.phase === 'Running');
  });
  afterAll(async () => {
    await bench?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (
    line: readonly string[],
    options: { stdin?: string; env?: Record<string, string>; program?: string } = {},
  ) =>
    new Promise<Ran>((resolve) => {
      const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: join(folder, 'config'), ...options.env };
      const program = options.program ?? 'kubectl';
      const child = execFile(program, [...line], { env, timeout: 20_000 }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr }),
      );
      child.stdin?.end(options.stdin ?? '');
    });
  const processes = async (pattern: string): Promise<string> =>
    (await bench.host.exec(['sh', '-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "'])).stdout.includes(
      pattern,
    )
      ? pattern
      : '';
  const untilNone = async (pattern: string): Promise<void> => {
    while ((await processes(pattern)) !== '') continue;
  };
  /** The log of a container that has ended. */
  const finished = async (name: string, command: string): Promise<void> => {
    await bench.addPod(name, {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', command] }],
    });
    await bench.untilPod(name, (pod) => ['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''));
  };

  describe.skipIf(noKubectl)('through kubectl', () => {
    it.each([
      ['a WebSocket', {}],
      ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' }],
    ])('should support remote command execution over %s', async (_, env) => {
      const script = 'cat; echo bad >&2; exit 3';
      const ran = await run(['exec', '-i', 'web', '--', 'sh', '-c', script], { stdin: 'through', env });
      expect(ran).toMatchObject({ code: 3, stdout: 'through' });
      expect(ran.stderr).toContain('bad\ncommand terminated with exit code 3\n');
    });

    it('has the files and the network of the container', async () => {
      const { stdout } = await run([
        'exec',
        'web',
        '-c',
        'tool',
        '--',
        'sh',
        '-c',
        'cat /etc/hosts; ip -brief address; hostname',
      ]);
      expect(stdout).toMatch(/10\.9\.8\.7\tweb[\s\S]*10\.9\.8\.7\/32[\s\S]*\nweb\n$/);
      const page = await run([
        'exec',
        'web',
        '--',
        'curl',
        '-s',
        '--retry',
        '20',
        '--retry-connrefused',
        'http://10.9.8.7',
      ]);
      expect(page.stdout).toContain('Welcome to nginx!');
    });

    it('gives a terminal to /bin/bash, with the size of the user’s', async () => {
      // script(1) is the user's terminal; the shell waits for its size, which follows the start.
      const shell =
        'kubectl exec -it web -c web -- /bin/bash -c "tty; until [ \\"\\$(stty size)\\" = \\"33 101\\" ]; do :; done; exit 6"';
      const ran = await run(['-qec', `stty rows 33 cols 101; ${shell}`, '/dev/null'], { program: 'script' });
      expect(ran.stdout).toMatch(/\/dev\/pts\/\d+/);
      expect(ran.code).toBe(6);
    });

    it('tells in the runtime’s words that a program does not exist', async () => {
      const { code, stderr } = await run(['exec', 'web', '--', 'no-such-program']);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: unable to start container process: exec: "no-such-program": executable file not found in \$PATH: unknown\n$/m,
      );
    });

    it('copies files there and back', async () => {
      const data = Buffer.alloc(300_000, 'trunkline').toString();
      await writeFile(join(folder, 'there'), data);
      expect(await run(['cp', join(folder, 'there'), 'web:/tmp/file', '-c', 'web'])).toMatchObject({ code: 0 });
      expect(await run(['cp', 'web:/tmp/file', join(folder, 'back'), '-c', 'web'])).toMatchObject({ code: 0 });
      expect(await readFile(join(folder, 'back'), 'utf8')).toBe(data);
    });

    it('kills the process of a client that is gone', async () => {
      const env = { PATH: process.env['PATH'], KUBECONFIG: join(folder, 'config') };
      const child = execFile('kubectl', ['exec', 'web', '--', 'sh', '-c', 'echo up; sleep 97531'], { env });
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      child.kill('SIGKILL');
      await untilNone('sleep 97531');
    });

    it('attaches to a container with an input', async () => {
      await bench.addPod('talk', {
        restartPolicy: 'Never',
        containers: [
          { name: 'main', image: 'busybox', stdin: true, stdinOnce: true, command: ['sh', '-c', 'cat; echo over'] },
        ],
      });
      await bench.untilPod('talk', (pod) => pod.status?.phase === 'Running');
      expect(await run(['attach', '-i', 'talk'], { stdin: 'words\n' })).toMatchObject({
        code: 0,
        stdout: 'words\nover\n',
      });
      await bench.untilPod('talk', (pod) => pod.status?.phase === 'Succeeded');
      expect((await run(['logs', 'talk'])).stdout).toBe('words\nover\n');
      expect((await run(['exec', 'talk', '--', 'true'])).stderr).toContain(
        'cannot exec into a container in a completed pod',
      );
    });

    it('should be able to retrieve and filter logs', async () => {
      await finished('lines', 'for n in 1 2 3 4 5; do echo line $n; done; echo oops >&2; printf end');
      expect((await run(['logs', 'lines'])).stdout).toMatch(/line 5\n/);
      expect((await run(['logs', 'lines', '--tail=1'])).stdout).toMatch(/^(?:end|oops\n)$/);
      expect((await run(['logs', 'lines', '--limit-bytes=6'])).stdout).toHaveLength(6);
      expect((await run(['logs', 'lines', '--timestamps'])).stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z line 1$/m);
      expect((await run(['logs', 'lines', '--since-time=2100-01-01T00:00:00Z'])).stdout).toBe('');
      expect((await run(['logs', 'web', '--all-containers', '--prefix'])).stdout).toBe(
        '[pod/web/tool] from the tool\n',
      );
    });

    it('follows a log to the end of the container', async () => {
      await bench.addPod('counts', {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'main',
            image: 'busybox',
            command: ['sh', '-c', 'echo first; until [ -e /tmp/go ]; do :; done; echo last'],
          },
        ],
      });
      await bench.untilPod('counts', (pod) => pod.status?.phase === 'Running');
      const following = run(['logs', '-f', 'counts']);
      expect((await run(['exec', 'counts', '--', 'touch', '/tmp/go'])).code).toBe(0);
      expect(await following).toMatchObject({ code: 0, stdout: 'first\nlast\n' });
    });

    it('shows the log of the run before', async () => {
      await bench.addPod('again', {
        containers: [
          {
            name: 'main',
            image: 'busybox',
            command: ['sh', '-c', 'echo run; [ -e /tmp/x ] || exit 1; sleep infinity'],
          },
        ],
      });
      await bench.untilPod('again', (pod) => JSON.stringify(pod.status ?? {}).includes('"restartCount":1'));
      expect((await run(['logs', '-p', 'again'])).stdout).toBe('run\n');
      expect((await run(['logs', '-p', 'web', '-c', 'web'])).stderr).toContain(
        'previous terminated container "web" in pod "web" not found',
      );
    });

    it.each([
      ['a WebSocket', {}],
      ['SPDY', { KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
    ])('forwards a port over %s', async (_, own) => {
      const env = { PATH: process.env['PATH'], KUBECONFIG: join(folder, 'config'), ...own };
      const child = execFile('kubectl', ['port-forward', 'web', ':80'], { env });
      const line = String(await new Promise((resolve) => child.stdout?.once('data', resolve)));
      const url = `http://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(line)?.[1]}/`;
      const pages = await Promise.all([1, 2, 3].map(async () => (await fetch(url)).text()));
      child.kill();
      expect(pages.every((page) => page.includes('Welcome to nginx!'))).toBe(true);
    });
  });

  describe('through the JavaScript client', () => {
    const config = (): KubeConfig => {
      const loaded = new KubeConfig();
      loaded.loadFromString(bench.api.adminKubeconfig());
      return loaded;
    };

    it('runs a command', async () => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const status = Promise.withResolvers<V1Status>();
      const command = ['sh', '-c', 'echo out; echo err >&2; exit 9'];
      await new Exec(config()).exec(NAMESPACE, 'web', 'web', command, stdout, stderr, null, false, status.resolve);
      expect(await status.promise).toMatchObject({ status: 'Failure', details: { causes: [{ message: '9' }] } });
      expect([await text(stdout.end()), await text(stderr.end())]).toEqual(['out\n', 'err\n']);
    });

    it('forwards a port', async () => {
      const forward = new PortForward(config());
      const server = createServer((socket) => {
        forward.portForward(NAMESPACE, 'web', [80], socket, null, socket).catch(() => socket.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const page = await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
      server.close();
      expect(page).toContain('Welcome to nginx!');
    });
  });

  it('leaves nothing of a Pod behind', async () => {
    await finished('gone', 'echo something');
    await bench.client.delete(labPods, 'gone', { namespace: NAMESPACE });
    await untilGone(bench.client, labPods, 'gone', NAMESPACE);
    const left = async (): Promise<string[]> =>
      (await readdir(bench.stateDir, { recursive: true })).filter((name) => name.includes('gone'));
    while ((await left()).length > 0) continue;
    expect(
      (await readdir(bench.stateDir)).filter((name) => name.endsWith('.sock') && name !== 'io.sock').length,
    ).toBeLessThan(8);
  });
});
