// The agent killed again and again, at one point of its work after the other, while a Pod of its node talks: nothing of that is lost.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, readFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { addResultSchema } from '../cni/result.ts';
import type { Pod } from '../kube/resources.ts';
import { askAgent } from './ask-agent.ts';
import { CONFLIST_NAME } from './conflist.ts';
import type { AgentProcess } from './testing/agent-process.ts';
import { canMakeNamespaces } from './testing/netns-world.ts';
import { type CniOutcome, createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { NODE } from './testing/service-world.ts';
import { eniInfoOf } from './testing/shared-enis.ts';

const RESTARTS = 20;
const IPS = ['10.0.35.21', '10.0.35.22'];
const PORT = 9000;

/** Sends a number every 20 ms over one connection and as one datagram, and hears both back; told to stop, it waits for what is missing and says what it is. */
const TALKER = `
const [host, port] = process.argv.slice(1), missing = new Set();
const stream = require('net').connect({ host, port }), datagrams = require('dgram').createSocket('udp4');
let sent = 0, timer, rest = '';
const heard = (word) => { missing.delete(word); if (!timer && sent && missing.size === 0) end(); };
const end = () => { console.log(JSON.stringify({ sent, missing: [...missing] })); process.exit(0); };
stream.on('error', (error) => { console.log(JSON.stringify({ sent, missing: ['connection: ' + error.message] })); process.exit(0); });
stream.on('data', (text) => { const words = (rest + text).split(' '); rest = words.pop(); words.forEach((word) => heard('t' + word)); });
datagrams.on('message', (text) => heard('u' + text));
stream.on('connect', () => {
  timer = setInterval(() => { sent += 1; missing.add('t' + sent).add('u' + sent); stream.write(sent + ' '); datagrams.send(String(sent), port, host); }, 20);
  console.log('talking');
});
process.stdin.on('end', () => { clearInterval(timer); timer = undefined; setTimeout(end, 10000); if (missing.size === 0) end(); }).resume();`;
const ECHO = `
const [host, port] = process.argv.slice(1), datagrams = require('dgram').createSocket('udp4');
datagrams.on('message', (text, from) => datagrams.send(text, from.port, from.address)).bind(port, host);
require('net').createServer((socket) => socket.pipe(socket)).listen(port, host, () => console.log('listening'));`;

describe.skipIf(!canMakeNamespaces())('the agent that is killed', () => {
  let program: ProgramWorld;
  const children: ChildProcess[] = [];

  /** The namespace of its network; its first word has come. */
  const inside = async (name: string, script: string, args: readonly string[]): Promise<ChildProcess> => {
    const child = spawn('nsenter', [`--net=${program.world.netns(name)}`, process.execPath, '-e', script, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  };
  const startAgent = (killAt: number): ChildProcess => {
    const { base, connection } = program;
    const settings: AgentProcess = { base, nodeName: NODE, node: program.world.netns('node'), ...connection, killAt };
    const main = join(import.meta.dirname, 'testing/agent-process.ts');
    const child = spawn(process.execPath, [main, JSON.stringify(settings)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(base, 'compiled') },
    });
    children.push(child);
    return child;
  };
  const call = (command: string, pod: Pod, container: string): Promise<CniOutcome> =>
    program.cni(command, pod, container, program.world.netns(pod.metadata.name));
  /** As the kernel has it: this process may not have been told yet. */
  const isDead = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
    exitCode !== null || signalCode !== null || /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  /** Once its socket is there; false when it ended before. A socket that a killed one left goes first. */
  const isUp = async (agent: ChildProcess): Promise<boolean> => {
    const stop = new AbortController();
    agent.once('exit', () => stop.abort());
    try {
      for await (const { filename } of watch(program.base, { signal: stop.signal }))
        if (filename === 'agent.sock' && existsSync(join(program.base, 'agent.sock'))) return true;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    return false;
  };

  beforeAll(async () => {
    program = await createProgramWorld('k');
    await program.shareEni(IPS);
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1)] });
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await program.close();
  });

  it(`at ${RESTARTS} points of its work costs a connection nothing and no packet, and serves the next Pod as if nothing had been`, async () => {
    const [web, other] = [
      await program.createPod('web', { networks: null }),
      await program.createPod('other', { networks: null }),
    ];
    let agent = startAgent(0);
    await isUp(agent);
    await untilObject(program.client, nodeEniConfigs, {}, (object) => object.status?.node?.ready === true);
    const added = await call('ADD', web, 'c-web');
    const ip = addResultSchema.parse(JSON.parse(added.stdout)).ips[0]?.address.replace('/32', '') ?? '';
    await inside('web', ECHO, [ip, String(PORT)]);
    const talker = await inside('client', TALKER, [ip, String(PORT)]);

    const ended = once(agent, 'exit');
    agent.kill('SIGKILL');
    await ended;
    /** How each run ended: while it started, in ADD, in DEL, or with all of it done. */
    const ends = { start: 0, add: 0, del: 0, done: 0 };
    // A loaded machine shifts the points: it goes on until they have reached through everything that the agent does.
    const isThrough = (): boolean => ends.start > 0 && ends.add > 0 && ends.del > 0;
    for (let killAt = 1; killAt <= RESTARTS || (!isThrough() && killAt <= 3 * RESTARTS); killAt += 1) {
      agent = startAgent(killAt);
      const died = once(agent, 'exit');
      const up = await isUp(agent);
      // Work for it: another Pod comes and goes, so that the point moves through start, ADD and DEL.
      const added = up && (await call('ADD', other, `c-${killAt}`)).code === 0;
      expect((await call('DEL', other, `c-${killAt}`)).code).toBe(0);
      ends[!up ? 'start' : !added ? 'add' : isDead(agent) ? 'del' : 'done'] += 1;
      agent.kill('SIGKILL');
      await died;
    }

    expect([ends.start, ends.add, ends.del].map((times) => times > 0)).toEqual([true, true, true]);

    agent = startAgent(0);
    expect(await isUp(agent)).toBe(true);
    expect((await call('ADD', other, 'c-last')).code).toBe(0);
    expect(program.world.run('other', ['busybox', 'ping', '-c', '1', '-W', '5', ip]).code).toBe(0);
    const heard = once(createInterface({ input: talker.stdout as NonNullable<typeof talker.stdout> }), 'line');
    talker.stdin?.end();
    const [line] = (await heard) as [string];
    const { sent, missing } = JSON.parse(line) as { sent: number; missing: readonly string[] };
    expect(missing).toEqual([]);
    expect(sent).toBeGreaterThan(RESTARTS);

    // Nothing of the sandboxes between is left: no device, no rule, no record.
    await call('DEL', other, 'c-last');
    await call('DEL', web, 'c-web');
    const { stdout } = program.world.run('node', ['sh', '-c', 'ip -br link; ip rule; ip route show table all']);
    expect(stdout).not.toMatch(/tke[0-9a-f]{11}|10\.0\.35\.2[12]/);
    expect(readdirSync(join(program.base, 'state/wired')).filter((name) => name.endsWith('.json'))).toEqual([]);
  }, 240_000);

  it('tells root alone what it holds, and keeps its socket and its files to root', async () => {
    const socket = join(program.base, 'agent.sock');
    expect(JSON.parse(await askAgent(socket))).toMatchObject({ node: NODE, ready: true, wired: [] });
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const state = join(program.base, 'state');
    expect(statSync(join(state, 'addresses.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(program.base, 'net.d', CONFLIST_NAME)).mode & 0o777).toBe(0o644);
    // A Pod that was given the host's file system is still nobody to it.
    const asked = (user: string): string =>
      program.world.run(
        'web',
        `setpriv --reuid=${user} --clear-groups curl -s --unix-socket ${socket} http://agent/health`.split(' '),
      ).stdout;
    expect(asked('0')).toContain('ok');
    expect(asked('65534')).toBe('');
  });
});
