// A reboot of a node of the lab must never reach into what is mounted there.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FORGET_RUN } from './forget-run.ts';
import { probeHost } from './probe.ts';
import { packetsPossible, startTestHost } from './testing/test-host.ts';

const { possible, why } = packetsPossible(probeHost());

describe.skipIf(!possible)(`what a reboot forgets${why}`, () => {
  it('is what programs left in /run and /tmp; a project that lies in /tmp stays as it is', async () => {
    const projectDir = await mkdtemp(join(tmpdir(), 'trunkline-project-'));
    await mkdir(join(projectDir, 'src'));
    await writeFile(join(projectDir, 'src', 'main.ts'), 'kept');
    const { host, stop } = await startTestHost({ projectDir });
    try {
      const root = await host.makeRoot({ name: 'node', binds: [] });
      await host.writeFile(root, '/tmp/work/deep/file', 'left');
      await host.writeFile(root, '/run/program.pid', '1');
      const forgotten = await host.exec(['busybox', 'sh', '-c', FORGET_RUN], { root });
      expect(forgotten.code).toBe(0);
      expect(await readFile(join(projectDir, 'src', 'main.ts'), 'utf8')).toBe('kept');
      expect(await readdir(projectDir)).toEqual(['src']);
      const listing = await host.exec(['busybox', 'find', '/tmp', '/run', '-xdev', '-type', 'f'], { root });
      expect(listing.stdout).toBe('');
      expect((await host.exec(['busybox', 'ls', '/tmp/work'], { root })).code).not.toBe(0);
      expect((await host.exec(['busybox', 'ls', '/run/netns'], { root })).code).toBe(0);
    } finally {
      await stop();
      await rm(projectDir, { recursive: true });
    }
  });
});
