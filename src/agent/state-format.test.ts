// Which state an agent may read, over upgrades and back.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { runAgent } from './program.ts';
import { checkStateFormat, STATE_FORMAT } from './state-format.ts';
import { createFakeKernel } from './testing/fake-kernel.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tke-format-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const path = (): string => join(directory, 'format.json');
const check = (): Promise<void> => checkStateFormat({ directory, logger: silentLogger });
const own = `${JSON.stringify({ format: STATE_FORMAT })}\n`;

describe('the form of the state', () => {
  it('is looked at before the agent touches kernel, API or files', async () => {
    writeFileSync(path(), JSON.stringify({ format: STATE_FORMAT + 1 }));
    const kernel = createFakeKernel();
    const refuse = (): never => {
      throw new Error('the API was asked');
    };
    const running = runAgent({
      client: { get: refuse, list: refuse, watch: refuse, create: refuse, patch: refuse, delete: refuse } as never,
      kernel,
      clock: createFakeClock(),
      logger: silentLogger,
      nodeName: '10.0.32.11',
      hash: (text) => text,
      binDirectory: join(directory, 'bin'),
      conflistDirectory: join(directory, 'net.d'),
      socket: join(directory, 'agent.sock'),
      stateDirectory: directory,
      netnsDirectory: '/run/netns',
      entries: [],
      linkDriver: 'auto',
      addTimeoutMs: 1,
      addressRestMs: 1,
      version: 'v0.0.0',
      signal: new AbortController().signal,
    });
    await expect(running).rejects.toMatchObject({ code: 'AGENT-STATE-NEWER' });
    expect(kernel.lines).toEqual([]);
    expect(readdirSync(directory)).toEqual(['format.json']);
  });

  it('is written where there is none, as releases before it left theirs', async () => {
    await check();
    expect(readFileSync(path(), 'utf8')).toBe(own);
    await check();
    expect(readdirSync(directory)).toEqual(['format.json']);
  });

  it('comes with a folder that root alone may look into', async () => {
    const folder = join(directory, 'state');
    await checkStateFormat({ directory: folder, logger: silentLogger });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'format.json')).mode & 0o777).toBe(0o600);
  });

  it('is left alone, and the agent refuses to start, when a newer release wrote it', async () => {
    const newer = JSON.stringify({ format: STATE_FORMAT + 1, more: true });
    writeFileSync(path(), newer);
    await expect(check()).rejects.toMatchObject({
      code: 'AGENT-STATE-NEWER',
      message: expect.stringContaining(`form ${STATE_FORMAT + 1}, and this agent knows ${STATE_FORMAT}`) as string,
    });
    expect(readFileSync(path(), 'utf8')).toBe(newer);
  });

  it.each(['', '{"format":', '{"format":"one"}'])(
    'does not keep the agent from starting when its file holds %j',
    async (text) => {
      writeFileSync(path(), text);
      await check();
      expect(readFileSync(path(), 'utf8')).toBe(own);
    },
  );

  it('does not keep the agent from starting when it cannot be written', async () => {
    // Where the new file would be written first.
    mkdirSync(join(directory, `.format.json.${process.pid}.tmp`));
    await check();
    expect(readdirSync(directory)).not.toContain('format.json');
  });
});
