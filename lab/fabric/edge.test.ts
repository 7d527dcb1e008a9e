// The way to the internet and back, with packets: EIPs, NAT gateways, which of them decides, and groups at the edge.
import type { Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { FabricEip, FabricSnapshot, FabricWayOut } from '../cloud/read-model.ts';
import { probeHost } from '../host/probe.ts';
import type { TestHost } from '../host/testing/test-host.ts';
import { packetsPossible, startTestHost } from '../host/testing/test-host.ts';
import type { LabHost } from '../host/types.ts';
import { edgeOf, movedAddresses } from './edge.ts';
import type { Fabric } from './fabric.ts';
import { createFabric } from './fabric.ts';
import { INTERNET_HOST, INTERNET_NETNS } from './internet.ts';
import { eni, group } from './testing/snapshots.ts';

const { possible, why } = packetsPossible(probeHost());
const TIMED_OUT = 28;
const EIP = '203.0.113.10';
const NAT = '203.0.113.254';
const subnetCidr = '10.0.0.0/24';
const byNat = (destination = '0.0.0.0/0'): FabricWayOut => ({ subnetCidr, destination, kind: 'nat', natIp: NAT });
const byEip = (destination: string): FabricWayOut => ({ subnetCidr, destination, kind: 'eip' });
const eipOf = (n: number, publicIp = EIP): FabricEip => ({
  addressId: 'eip-1',
  publicIp,
  eniId: eni(n).eniId,
  privateIp: `10.0.0.${n}`,
  bandwidthMbps: 100,
});

describe('the edge', () => {
  it('asks the route with the longest destination first', () => {
    const { ways } = edgeOf({ waysOut: [byNat(), byEip('192.88.99.0/24'), byNat('192.0.0.0/8')] });
    expect(ways.map(({ destination }) => destination)).toEqual(['192.88.99.0/24', '192.0.0.0/8', '0.0.0.0/0']);
  });
  it('asks the route by the EIP before another to the same destination', () => {
    const { ways } = edgeOf({ waysOut: [byNat(), byEip('0.0.0.0/0')] });
    expect(ways.map(({ kind }) => kind)).toEqual(['eip', 'nat']);
  });
  it('names the public addresses that are for somebody else now', () => {
    const before = edgeOf({ eips: [eipOf(1), eipOf(2, '203.0.113.11')] });
    expect(movedAddresses(before, before)).toEqual([]);
    expect(movedAddresses(before, edgeOf({ eips: [eipOf(2)] }))).toEqual([EIP, '203.0.113.11']);
  });
});

describe.skipIf(!possible)(`the internet of the fabric${why}`, { timeout: 60_000 }, () => {
  let test: TestHost;
  let host: LabHost;
  let fabric: Fabric;
  let version = 0;
  const told: string[] = [];

  const serve = (server: Server): void => {
    server.on('connection', (socket) => {
      socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${socket.remoteAddress ?? ''}`));
      socket.on('error', () => undefined);
    });
  };
  const apply = async (snapshot: Partial<FabricSnapshot> = {}): Promise<void> => {
    version += 1;
    fabric.changed({ version, enis: [eni(1), eni(2)], securityGroups: [], ...snapshot });
    await fabric.settled(version);
  };
  const curl = (netns: string, target: string) =>
    host.exec(
      ['curl', '--silent', '--noproxy', '*', '--connect-timeout', '0.5', '--max-time', '5', `http://${target}/`],
      {
        netns,
      },
    );
  /** The source address that the internet sees; or the exit code. */
  const seen = async (netns: string): Promise<string> => {
    const { code, stdout } = await curl(netns, INTERNET_HOST);
    return code === 0 ? stdout : String(code);
  };

  beforeAll(async () => {
    test = await startTestHost();
    host = test.host;
    fabric = createFabric({
      host,
      clock: systemClock,
      logger: silentLogger,
      internet: async (netns) => {
        told.push(netns);
        serve(await host.listen(netns, { host: INTERNET_HOST, port: 80 }));
      },
    });
    await Promise.all(['n1', 'n2'].map(async (name) => await host.addNetns(name)));
    await Promise.all([1, 2].map(async (n) => await fabric.registerInstance(`ins-${n}`, { netns: `n${n}` })));
    await apply();
    expect(told).toEqual([]);
    await apply({ eips: [eipOf(1)] });
    for (const n of [1, 2]) serve(await host.listen(`n${n}`, { host: `10.0.0.${n}`, port: 80 }));
  });
  beforeEach(async () => await apply());
  afterAll(async () => {
    await fabric?.close();
    await test?.stop();
  });

  it('is made when the first address leads there, once', async () => {
    await apply({ eips: [eipOf(1)], waysOut: [byNat()] });
    expect(told).toEqual([INTERNET_NETNS]);
  });

  it('sees the EIP of who has one; nobody else gets out', async () => {
    await apply({ eips: [eipOf(1)] });
    expect(await seen('n1')).toBe(EIP);
    expect(await seen('n2')).toBe(String(TIMED_OUT));
  });

  it('sees the NAT gateway of a subnet that is routed there, also from who has an EIP', async () => {
    await apply({ eips: [eipOf(1)], waysOut: [byNat()] });
    expect([await seen('n1'), await seen('n2')]).toEqual([NAT, NAT]);
  });

  it('sees the EIP again where a longer route says so, and the NAT gateway from who has none', async () => {
    await apply({ eips: [eipOf(1)], waysOut: [byNat(), byEip('192.88.99.0/24')] });
    expect([await seen('n1'), await seen('n2')]).toEqual([EIP, NAT]);
  });

  it('sees the EIP before the NAT gateway of a route to the same destination, and the NAT gateway from who has none', async () => {
    await apply({ eips: [eipOf(1)], waysOut: [byNat(), byEip('0.0.0.0/0')] });
    expect([await seen('n1'), await seen('n2')]).toEqual([EIP, NAT]);
  });

  it('reaches an EIP, whatever the way out is, under the address of the caller and by the rules of its groups', async () => {
    const securityGroups = [group('sg-web', [`ACCEPT TCP 80 ${INTERNET_HOST}/32`]), group('sg-shut', [])];
    const enis = (id: string) => [eni(1, { securityGroupIds: [id] }), eni(2)];
    await apply({ eips: [eipOf(1)], waysOut: [byNat()], enis: enis('sg-web'), securityGroups });
    expect((await curl(INTERNET_NETNS, EIP)).stdout).toBe(INTERNET_HOST);
    await apply({ eips: [eipOf(1)], waysOut: [byNat()], enis: enis('sg-shut'), securityGroups });
    expect((await curl(INTERNET_NETNS, EIP)).code).toBe(TIMED_OUT);
  });

  it('cannot reach what has no public address', async () => {
    await apply({ eips: [eipOf(1)] });
    expect((await curl(INTERNET_NETNS, '10.0.0.1')).code).toBe(TIMED_OUT);
    expect((await curl(INTERNET_NETNS, '10.0.0.2')).code).toBe(TIMED_OUT);
  });

  it('finds an EIP at its new place as soon as it was moved', async () => {
    await apply({ eips: [eipOf(1)] });
    expect((await curl(INTERNET_NETNS, EIP)).code).toBe(0);
    await apply({ eips: [eipOf(2)] });
    expect(await seen('n2')).toBe(EIP);
    expect(await seen('n1')).toBe(String(TIMED_OUT));
    await apply();
    expect((await curl(INTERNET_NETNS, EIP)).code).toBe(TIMED_OUT);
  });

  it('leaves the VPC as it was: neighbours see private addresses', async () => {
    await apply({ eips: [eipOf(1)], waysOut: [byNat()] });
    expect((await curl('n1', '10.0.0.2')).stdout).toBe('10.0.0.1');
  });
});
