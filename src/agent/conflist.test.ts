// The network configuration as a file: what is in it, that nobody ever reads a part of it, and what becomes of other people's changes.
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFLIST_NAME, createConflistFile, requireChained } from './conflist.ts';
import { agentErrors } from './errors.ts';

describe('the network configuration of the node', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tke-conflist-'));
    path = join(directory, CONFLIST_NAME);
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const plugins = (): unknown => (JSON.parse(readFileSync(path, 'utf8')) as { plugins: unknown }).plugins;

  it('is our plugin alone, as chaining guides have it', async () => {
    await createConflistFile(directory).publish();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      cniVersion: '0.3.1',
      name: 'tke-eni',
      plugins: [{ type: 'tke-route-eni', disableIPv6: true, mtu: 1500, ipam: { type: 'tke-eni-ipamc' } }],
    });
  });

  it('has the plugins that were asked for behind ours, with the capability by which the runtime tells them what a Pod wants', async () => {
    await createConflistFile(directory, ['port-mapping', 'bandwidth']).publish();
    expect(plugins()).toEqual([
      expect.objectContaining({ type: 'tke-route-eni' }),
      { type: 'portmap', capabilities: { portMappings: true } },
      { type: 'bandwidth', capabilities: { bandwidth: true } },
    ]);
  });

  it('is replaced whole: who has the one before open reads that one to its end, and nothing else lies beside', async () => {
    await createConflistFile(directory).publish();
    const before = readFileSync(path, 'utf8');
    const open = openSync(path, 'r');
    await createConflistFile(directory, ['port-mapping']).publish();
    expect(readFileSync(open, 'utf8')).toBe(before);
    closeSync(open);
    expect(plugins()).toHaveLength(2);
    expect(readdirSync(directory)).toEqual([CONFLIST_NAME]);
  });

  it('can be read by everybody and written by root alone, whatever the umask', async () => {
    const umask = process.umask(0o077);
    await createConflistFile(directory).publish();
    process.umask(umask);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it('takes the place of what somebody else wrote under its name, and goes with it when the node is not ready', async () => {
    const file = createConflistFile(directory);
    writeFileSync(path, '{"name":"theirs"}');
    writeFileSync(join(directory, '99-theirs.conf'), '{}');
    await file.publish();
    expect(plugins()).toHaveLength(1);
    writeFileSync(path, '{"name":"theirs"}');
    await file.withdraw();
    expect(readdirSync(directory)).toEqual(['99-theirs.conf']);
  });

  it('is watched: a change and a deletion by somebody else are told, also where the directory had to be made', async () => {
    const made = join(directory, 'net.d');
    const file = createConflistFile(made);
    const stop = new AbortController();
    let tell = (): void => undefined;
    const told = (): Promise<void> => new Promise((resolve) => (tell = resolve));
    const first = told();
    const watching = file.watch(() => tell(), stop.signal);
    // Its directory is made before it is watched.
    while (!existsSync(made)) await new Promise<void>((resolve) => setImmediate(resolve));
    await file.publish();
    await first;
    const second = told();
    rmSync(join(made, CONFLIST_NAME));
    await second;
    stop.abort();
    await watching;
  });

  it('is not written with a plugin that the node does not have: the missing program is named', async () => {
    mkdirSync(join(directory, 'bin'));
    writeFileSync(join(directory, 'bin/portmap'), '');
    await requireChained(join(directory, 'bin'), ['port-mapping']);
    await expect(requireChained(join(directory, 'bin'), ['port-mapping', 'bandwidth'])).rejects.toMatchObject({
      code: agentErrors.pluginMissing.code,
      message: `--bandwidth needs the CNI plugin ${join(directory, 'bin/bandwidth')}, which is not there`,
    });
  });
});
