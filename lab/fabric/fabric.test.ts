// The fabric with real packets: who reaches whom, and what a change does.
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { FabricEni, FabricSecurityGroup } from '../cloud/read-model.ts';
import { probeHost } from '../host/probe.ts';
import type { TestHost } from '../host/testing/test-host.ts';
import { packetsPossible, startTestHost } from '../host/testing/test-host.ts';
import type { LabHost } from '../host/types.ts';
import type { Fabric } from './fabric.ts';
import { createFabric } from './fabric.ts';
import { eni, group, subEni } from './testing/snapshots.ts';

const probe = probeHost();
const { possible, why } = packetsPossible(probe);
const TIMED_OUT = 28;
const SHUT = group('sg-shut', [], []);

describe.skipIf(!possible)(`the fabric${why}`, () => {
  let test: TestHost;
  let host: LabHost;
  let fabric: Fabric;
  let version = 0;
  const connections: Socket[] = [];

  /** Makes the snapshot hold for packets. */
  const apply = async (
    enis: readonly FabricEni[],
    securityGroups: readonly FabricSecurityGroup[] = [],
  ): Promise<void> => {
    version += 1;
    fabric.changed({ version, enis, securityGroups });
    await fabric.settled(version);
  };
  const two = (one: readonly string[], other: readonly string[]): FabricEni[] => [
    eni(1, { securityGroupIds: one }),
    eni(2, { securityGroupIds: other }),
  ];
  const curl = async (netns: string, url: string): Promise<number> =>
    (await host.exec(['curl', '--silent', '--connect-timeout', '0.4', '--max-time', '5', url], { netns })).code;
  const ping = async (netns: string, ...words: string[]): Promise<boolean> =>
    (await host.exec(['busybox', 'ping', '-c', '1', '-W', '1', ...words], { netns })).code === 0;
  const serve = (server: Server): void => {
    server.on('connection', (socket) => {
      connections.push(socket);
      socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\n'));
    });
  };
  const linksIn = async (netns: string): Promise<string> =>
    (await host.exec(['ip', '-brief', 'link'], { netns })).stdout;

  beforeAll(async () => {
    test = await startTestHost();
    host = test.host;
    fabric = createFabric({ host, clock: systemClock, logger: silentLogger });
    await Promise.all(['n1', 'n2', 'n3'].map(async (name) => await host.addNetns(name)));
    await Promise.all([1, 2, 3].map(async (n) => await fabric.registerInstance(`ins-${n}`, { netns: `n${n}` })));
    await apply([eni(1), eni(2)]);
    for (const port of [80, 81]) serve(await host.listen('n2', { host: '10.0.0.2', port }));
    serve(await host.listen('n1', { host: '10.0.0.1', port: 80 }));
  });
  beforeEach(async () => await apply([eni(1), eni(2)]));
  afterAll(async () => {
    for (const socket of connections) socket.destroy();
    await fabric?.close();
    await test?.stop();
  });

  it('connects ENIs without groups, and answers pings to the gateway', async () => {
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
    expect(await ping('n1', '10.0.0.2')).toBe(true);
    expect(await ping('n1', '10.0.0.254')).toBe(true);
  });

  it('opens what the group of the receiver opens, and lets the rest time out', async () => {
    await apply(two([], ['sg-a']), [group('sg-a', ['ACCEPT TCP 80'])]);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
    expect(await curl('n1', 'http://10.0.0.2:81/')).toBe(TIMED_OUT);
    expect(await ping('n1', '10.0.0.2')).toBe(false);
  });

  it('carries nothing from or to an instance that is cut off, until it is joined again', async () => {
    await apply(two([], []));
    await fabric.setCut('ins-2', true);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(TIMED_OUT);
    expect(await ping('n2', '10.0.0.254')).toBe(false);
    expect(await ping('n1', '10.0.0.254')).toBe(true);
    await fabric.setCut('ins-2', false);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
  });

  it('asks the group of the sender too', async () => {
    await apply(two(['sg-a'], []), [group('sg-a', [], ['DROP TCP 81', 'ACCEPT ALL ALL'])]);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
    expect(await curl('n1', 'http://10.0.0.2:81/')).toBe(TIMED_OUT);
  });

  it('asks it about what the router itself is sent, too', async () => {
    await apply(two(['sg-a'], []), [group('sg-a', [], ['DROP ICMP ALL', 'ACCEPT ALL ALL'])]);
    expect(await ping('n1', '10.0.0.254')).toBe(false);
    expect(await ping('n2', '10.0.0.254')).toBe(true);
  });

  it('follows a change of a rule on the next connection', async () => {
    await apply(two([], ['sg-a']), [group('sg-a', ['ACCEPT TCP 80'])]);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
    await apply(two([], ['sg-a']), [group('sg-a', ['DROP TCP 80', 'ACCEPT TCP 80'])]);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(TIMED_OUT);
    await apply(two([], ['sg-a']), [group('sg-a', ['ACCEPT TCP 80'])]);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
  });

  it('lets established connections go on when the rule that let them in is gone', async () => {
    const server = await host.listen('n2', { host: '10.0.0.2', port: 9000 });
    await apply(two([], ['sg-a']), [group('sg-a', ['ACCEPT TCP 9000'])]);
    const client = host.exec(['curl', '--silent', '--max-time', '5', 'http://10.0.0.2:9000/'], { netns: 'n1' });
    const [socket] = await once(server, 'connection');
    await apply(two([], ['sg-a']), [group('sg-a', [])]);
    socket.resume().end('HTTP/1.0 200 OK\r\n\r\nstill here');
    expect((await client).stdout).toBe('still here');
    expect(await curl('n1', 'http://10.0.0.2:9000/')).toBe(TIMED_OUT);
    server.close();
  });

  it('lets established connections go on when an ENI gets other groups, and asks them about the next one', async () => {
    const groups = [group('sg-old', ['ACCEPT TCP 9000']), group('sg-new', ['ACCEPT TCP 80'])];
    const server = await host.listen('n2', { host: '10.0.0.2', port: 9000 });
    await apply(two([], ['sg-old']), groups);
    const client = host.exec(['curl', '--silent', '--max-time', '5', 'http://10.0.0.2:9000/'], { netns: 'n1' });
    const [socket] = await once(server, 'connection');
    await apply(two([], ['sg-new']), groups);
    socket.resume().end('HTTP/1.0 200 OK\r\n\r\nstill here');
    expect((await client).stdout).toBe('still here');
    expect(await curl('n1', 'http://10.0.0.2:9000/')).toBe(TIMED_OUT);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
    server.close();
  });

  it('lets replies pass whatever the other direction says', async () => {
    await apply(two([], ['sg-a']), [group('sg-a', ['ACCEPT TCP 80'], [])]);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
    expect(await curl('n2', 'http://10.0.0.1/')).toBe(TIMED_OUT);
  });

  it('takes a group peer as the members of the moment', async () => {
    const groups = [group('sg-a', ['ACCEPT TCP 80 sg-friends']), group('sg-friends', []), group('sg-plain', [])];
    await apply(two(['sg-plain'], ['sg-a']), groups);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(TIMED_OUT);
    await apply(two(['sg-friends'], ['sg-a']), groups);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
    await apply(two(['sg-plain'], ['sg-a']), groups);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(TIMED_OUT);
  });

  it('lets a DROP in an earlier group beat an ACCEPT in a later one', async () => {
    const groups = [group('sg-drops', ['DROP TCP 80']), group('sg-accepts', ['ACCEPT TCP 80'])];
    await apply(two([], ['sg-drops', 'sg-accepts']), groups);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(TIMED_OUT);
    await apply(two([], ['sg-accepts', 'sg-drops']), groups);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(0);
  });

  it('drops packets whose source does not belong to the port', async () => {
    const received = async (): Promise<number> => {
      const { stdout } = await host.exec(['sh', '-c', 'grep ^Icmp: /proc/net/snmp'], { netns: 'n2' });
      const [names = [], values = []] = stdout.split('\n').map((line) => line.split(' '));
      return Number(values[names.indexOf('InEchos')]);
    };
    await host.exec(['ip', 'address', 'add', '10.0.0.3/32', 'dev', 'lo'], { netns: 'n1' });
    await apply([eni(1), eni(2), eni(3)]);
    const before = await received();
    expect(await ping('n1', '-I', '10.0.0.3', '10.0.0.2')).toBe(false);
    expect(await received()).toBe(before);
    expect(await ping('n1', '-I', '10.0.0.1', '10.0.0.2')).toBe(true);
    expect(await received()).toBe(before + 1);
    // The same packet passes once the address is the port's: it was the source that was refused.
    await apply([eni(1, { addresses: ['10.0.0.1', '10.0.0.3'] }), eni(2)]);
    expect(await ping('n1', '-I', '10.0.0.3', '10.0.0.2')).toBe(true);
    await host.exec(['ip', 'address', 'delete', '10.0.0.3/32', 'dev', 'lo'], { netns: 'n1' });
  });

  it('shows a secondary ENI as a device that is down and bare, and takes it away', async () => {
    const trunk = eni(11, { kind: 'secondary', instanceId: 'ins-1', deviceIndex: 1 });
    await apply([eni(1), eni(2), trunk]);
    const shown = await host.exec(['ip', 'address', 'show', 'dev', 'eth1'], { netns: 'n1' });
    expect(shown.stdout).toMatch(/state DOWN/);
    expect(shown.stdout).toContain('02:00:00:00:00:0b');
    expect(shown.stdout).not.toMatch(/inet/);
    await apply([eni(1), eni(2)]);
    expect(await linksIn('n1')).not.toContain('eth1');
  });

  it('shows a sub-ENI in the guest of its trunk, where it keeps working under another name, with its own group', async () => {
    const groups = [group('sg-a', ['ACCEPT TCP 80']), SHUT];
    const bare = [eni(1), eni(2), subEni(21, 'ins-1', 101, { securityGroupIds: ['sg-a'] })];
    await apply(bare, groups);
    const device = /(sub101x\d+)@\S+ +DOWN +02:00:00:00:00:15/.exec(await linksIn('n1'))?.[1] ?? '';
    await host.addNetns('pod');
    const batch = `link set ${device} name eth1.101 netns pod\n`;
    expect(await host.exec(['ip', '-batch', '-'], { netns: 'n1', stdin: batch })).toMatchObject({
      code: 0,
      stderr: '',
    });
    const inside = 'link set lo up\nlink set eth1.101 up\naddress add 10.0.0.21/24 dev eth1.101\n';
    expect(await host.exec(['ip', '-batch', '-'], { netns: 'pod', stdin: inside })).toMatchObject({
      code: 0,
      stderr: '',
    });
    serve(await host.listen('pod', { host: '10.0.0.21', port: 80 }));
    expect(await curl('n2', 'http://10.0.0.21/')).toBe(0);
    // The node reaches it through the fabric too, since nothing on the node leads there directly.
    expect(await curl('n1', 'http://10.0.0.21/')).toBe(0);
    await apply([eni(1), eni(2), subEni(21, 'ins-1', 101, { securityGroupIds: ['sg-shut'] })], groups);
    expect(await curl('n2', 'http://10.0.0.21/')).toBe(TIMED_OUT);
    await apply([eni(1), eni(2)], groups);
    expect(await linksIn('pod')).toMatch(/^lo .*\n$/);
  });

  it('connects an instance that is registered later, and disconnects one that leaves', async () => {
    await host.addNetns('super-pod');
    await apply([eni(1), eni(2), eni(31, { kind: 'secondary', instanceId: 'eks-31' })]);
    await fabric.registerInstance('eks-31', { netns: 'super-pod' });
    expect(await ping('super-pod', '10.0.0.2')).toBe(true);
    await fabric.unregisterInstance('eks-31');
    expect(await linksIn('super-pod')).toMatch(/^lo .*\n$/);
    await host.deleteNetns('super-pod');
  });

  it('survives an instance whose namespace went away without a word', async () => {
    await host.addNetns('vanishing');
    await fabric.registerInstance('ins-41', { netns: 'vanishing' });
    await apply([eni(1), eni(2), eni(41)]);
    await host.deleteNetns('vanishing');
    await apply([eni(1), eni(2), subEni(42, 'ins-41', 5), eni(3)]);
    expect(await ping('n3', '10.0.0.2')).toBe(true);
    await fabric.unregisterInstance('ins-41');
  });

  it('repairs its table after nft refused a change', async () => {
    await apply(two([], ['sg-a']), [group('sg-a', ['ACCEPT TCP 80'])]);
    await host.exec(['nft', 'delete', 'table', 'ip', 'sg'], { netns: 'fabric' });
    await apply(two([], ['sg-a']), [group('sg-a', ['ACCEPT TCP 81'])]);
    expect(await curl('n1', 'http://10.0.0.2:81/')).toBe(0);
    expect(await curl('n1', 'http://10.0.0.2/')).toBe(TIMED_OUT);
  });

  it('leaves no device behind when it is closed', async () => {
    const other = await startTestHost();
    const second = createFabric({ host: other.host, clock: systemClock, logger: silentLogger });
    await other.host.addNetns('n');
    await second.registerInstance('ins-1', { netns: 'n' });
    second.changed({ version: 1, enis: [eni(1)], securityGroups: [] });
    await second.settled(1);
    await second.close();
    await expect(second.settled(2)).rejects.toMatchObject({ code: 'FABRIC-CLOSED' });
    await expect(other.host.exec(['true'], { netns: 'fabric' })).rejects.toMatchObject({ code: 'HOST-UNKNOWN-NETNS' });
    await expect
      .poll(async () => (await other.host.exec(['ip', '-brief', 'link'], { netns: 'n' })).stdout, { interval: 10 })
      .toMatch(/^lo .*\n$/);
    await other.stop();
  });
});

describe.skipIf(!probe.userns || !possible)(
  `the fabric without root${probe.userns ? why : ' (skipped: no user namespaces)'}`,
  () => {
    it('filters packets the same', async () => {
      const { host, stop } = await startTestHost({ mode: 'rootless' });
      const fabric = createFabric({ host, clock: systemClock, logger: silentLogger });
      for (const n of [1, 2]) {
        await host.addNetns(`n${n}`);
        await fabric.registerInstance(`ins-${n}`, { netns: `n${n}` });
      }
      const reaches = async (version: number, ...rules: string[]): Promise<boolean> => {
        fabric.changed({
          version,
          enis: [eni(1), eni(2, { securityGroupIds: ['sg-a'] })],
          securityGroups: [group('sg-a', rules)],
        });
        await fabric.settled(version);
        return (await host.exec(['busybox', 'ping', '-c', '1', '-W', '1', '10.0.0.2'], { netns: 'n1' })).code === 0;
      };
      expect(await reaches(1, 'ACCEPT ICMP ALL 10.0.0.1')).toBe(true);
      expect(await reaches(2, 'ACCEPT ICMP ALL 10.0.0.3')).toBe(false);
      await fabric.close();
      await stop();
    });
  },
);
