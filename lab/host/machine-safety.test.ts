// Whatever a program of the lab does to the files it sees, the machine's own stay as they are; in each mode that this machine allows.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { probeHost } from './probe.ts';
import { placeOnTheMachine } from './testing/machine-place.ts';
import type { TestHost } from './testing/test-host.ts';
import { startTestHost } from './testing/test-host.ts';
import type { LabHost } from './types.ts';

const probe = probeHost();

const modes = [
  { mode: 'root', allowed: probe.root && probe.missing.length === 0 },
  { mode: 'rootless', allowed: probe.userns && probe.missing.length === 0 },
] as const;

for (const { mode, allowed } of modes)
  describe.skipIf(!allowed)(
    `the machine's files, mode ${mode}${allowed ? '' : ' (skipped: not possible on this machine)'}`,
    () => {
      let test: TestHost;
      let host: LabHost;
      /** A folder of this user, outside /tmp, of which no root has one of its own. */
      let victim: string;
      let roots = 0;
      beforeAll(async () => {
        test = await startTestHost({ mode });
        host = test.host;
      });
      afterAll(async () => await test?.stop());
      beforeEach(async () => {
        victim = await mkdtemp(join(placeOnTheMachine(), '.trunkline-victim-'));
        await writeFile(join(victim, 'file'), 'as it was', { mode: 0o640 });
        await mkdir(join(victim, 'folder'));
      });
      afterEach(async () => await rm(victim, { recursive: true }));

      const makeRoot = (): Promise<string> => host.makeRoot({ name: `safety-${++roots}`, binds: [] });
      const shell = async (root: string | undefined, script: string): Promise<{ code: number; text: string }> => {
        const argv = ['busybox', 'sh', '-c', script, 'sh', victim];
        const { code, stdout, stderr } = await host.exec(argv, root === undefined ? {} : { root });
        return { code, text: stdout + stderr };
      };
      const expectUnchanged = (): void => {
        expect(readdirSync(victim).toSorted()).toEqual(['file', 'folder']);
        expect(readFileSync(join(victim, 'file'), 'utf8')).toBe('as it was');
        expect(statSync(join(victim, 'file')).mode & 0o777).toBe(0o640);
        expect(existsSync('/usr/trunkline-w')).toBe(false);
      };

      it('stay when a root overwrites, changes, renames, makes and removes them, which that root alone sees', async () => {
        const root = await makeRoot();
        const changes =
          'cd "$1" && echo new >>file && chmod 777 file && mv folder moved && mkdir -p a/b && ln -s file link && cat file';
        expect(await shell(root, changes)).toEqual({ code: 0, text: 'as it wasnew\n' });
        expectUnchanged();
        expect(await shell(root, 'ls "$1"; rm -rf "$1"; ls "$1"; touch /usr/trunkline-w')).toMatchObject({
          text: expect.stringMatching(/^a\nfile\nlink\nmoved\nls: .*No such file/),
        });
        expectUnchanged();
        expect(
          await shell(await makeRoot(), 'cat "$1/file"; ls -d /usr/trunkline-w /usr/bin/env 2>/dev/null; true'),
        ).toEqual({
          code: 0,
          text: 'as it was/usr/bin/env\n',
        });
      });

      it('stay when a root mounts over them, there and in every other root', async () => {
        const root = await makeRoot();
        expect(await shell(root, 'mount -t tmpfs tmpfs "$1" && ls "$1" && touch "$1/x"')).toEqual({
          code: 0,
          text: '',
        });
        expectUnchanged();
        expect(await shell(await makeRoot(), 'ls "$1"')).toEqual({ code: 0, text: 'file\nfolder\n' });
      });

      it('cannot be written in the view from which roots are made, except the state folder', async () => {
        const { text } = await shell(undefined, 'echo x >>"$1/file"; rm "$1/file"; chmod 777 "$1/file"; mkdir "$1/x"');
        expect(text.match(/Read-only file system/g)).toHaveLength(4);
        expectUnchanged();
        expect(await shell(undefined, `echo kept >'${test.stateDir}/kept'`)).toMatchObject({ code: 0 });
        expect(readFileSync(join(test.stateDir, 'kept'), 'utf8')).toBe('kept\n');
        await rm(join(test.stateDir, 'kept'));
      });

      it('are written by the lab for one root alone, and not at all where a root shows them read-only', async () => {
        const root = await makeRoot();
        await host.writeFile(root, join(victim, 'file'), 'for the root');
        expect(await host.readFile(root, join(victim, 'file'))).toBe('for the root');
        expectUnchanged();
        await expect(host.writeFile(root, '/tmp/../sys/trunkline-w', 'x')).rejects.toMatchObject({
          code: 'HOST-BAD-REQUEST',
          message: expect.stringMatching(/^write \/tmp\/\.\.\/sys\/trunkline-w: .*always writable are/),
        });
      });

      it('are not reached by devices: a root has those of a container, and others that it makes do not work', async () => {
        const root = await makeRoot();
        const { text } = await shell(
          root,
          'find /dev -type b; head -c 3 /dev/zero | wc -c; echo x >/dev/null; rm /dev/null',
        );
        expect(text).toMatch(/^3\nrm: .*Read-only file system/);
        expect(await shell(root, 'mknod /tmp/zero c 1 5 && head -c 1 /tmp/zero')).toMatchObject({
          text: expect.stringMatching(/Permission denied|not permitted/),
        });
        expect(await shell(root, 'echo x >/dev/shm/x && cat /dev/shm/x')).toEqual({ code: 0, text: 'x\n' });
      });

      it("stay its kernel's settings too, while a network namespace's can be changed in it", async () => {
        const root = await makeRoot();
        const before = readFileSync('/proc/sys/kernel/pid_max', 'utf8');
        expect(await shell(root, 'echo 99999 >/proc/sys/kernel/pid_max')).toMatchObject({ code: 1 });
        expect(readFileSync('/proc/sys/kernel/pid_max', 'utf8')).toBe(before);
        const netns = `safety${++roots}`;
        await host.addNetns(netns);
        const argv = ['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward && cat /proc/sys/net/ipv4/ip_forward'];
        expect(await host.exec(argv, { root, netns })).toMatchObject({ code: 0, stdout: '1\n' });
      });

      it('are as the machine has them again in a new root, since what a root wrote is gone with it', async () => {
        const root = await makeRoot();
        await shell(root, 'echo x >>"$1/file"; echo x >/var/log/x; echo x >/etc/x; echo x >/dev/shm/x');
        await host.removeRoot(root);
        const look = 'cat "$1/file"; find /var/log /dev/shm -type f; ls /etc | grep -x x';
        expect((await shell(await makeRoot(), look)).text).toBe('as it was');
      });
    },
  );
