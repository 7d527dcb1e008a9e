// Network configurations as they are found on nodes.
import { describe, expect, it } from 'vitest';
import { cniCodes } from './error.ts';
import { parseNetConf, parseNetConfFor } from './net-conf.ts';
import { cniVersions } from './version.ts';

const conf = (changes: object = {}): string =>
  JSON.stringify({ cniVersion: '1.0.0', name: 'tke-eni', type: 'tke-route-eni', ...changes });

describe('the network configuration', () => {
  it('is accepted as chaining guides have it', () => {
    const plugin = {
      cniVersion: '0.3.1',
      name: 'generic-veth',
      type: 'tke-route-eni',
      routeTable: 1,
      disableIPv6: true,
      mtu: 1500,
      ipam: { type: 'tke-eni-ipamc', backend: '127.0.0.1:61677' },
    };
    expect(parseNetConf(JSON.stringify(plugin))).toEqual({
      cniVersion: '0.3.1',
      name: 'generic-veth',
      type: 'tke-route-eni',
      mtu: 1500,
    });
  });

  it.each(cniVersions)('is accepted in version %s', (cniVersion) => {
    expect(parseNetConf(conf({ cniVersion })).cniVersion).toBe(cniVersion);
  });

  it.each(['0.2.0', '0.3.0', '2.0.0', '', undefined, 1])(
    'is refused in version %j with the versions that are spoken',
    (cniVersion) => {
      expect(() => parseNetConf(conf({ cniVersion }))).toThrow(
        expect.objectContaining({
          code: cniCodes.incompatibleVersion,
          details: expect.stringContaining('1.1.0') as string,
        }),
      );
    },
  );

  it.each(['', '{', 'null,'])('is refused when it is not JSON: %j', (text) => {
    expect(() => parseNetConf(text)).toThrow(expect.objectContaining({ code: cniCodes.undecodable }));
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ mtu: 12 }, 'mtu'],
    [{ mtu: '1500' }, 'mtu'],
    [{ 'cni.dev/valid-attachments': [{ containerID: 'a' }] }, 'ifname'],
  ])('is refused with the key named: %j', (changes, key) => {
    expect(() => parseNetConf(conf(changes))).toThrow(
      expect.objectContaining({ code: cniCodes.invalidConfiguration, message: expect.stringContaining(key) as string }),
    );
  });

  it.each([
    ['CHECK', '0.3.1', '0.4.0'],
    ['STATUS', '1.0.0', '1.1.0'],
    ['GC', '1.0.0', '1.1.0'],
  ] as const)('has no %s in version %s, and has it in %s', (command, before, since) => {
    expect(() => parseNetConfFor(command, conf({ cniVersion: before }))).toThrow(
      expect.objectContaining({ code: cniCodes.incompatibleVersion, details: `expected ${since} or newer` }),
    );
    expect(parseNetConfFor(command, conf({ cniVersion: since })).cniVersion).toBe(since);
  });

  it('carries what is in use to GC', () => {
    const attachments = [{ containerID: 'a', ifname: 'eth0' }];
    expect(parseNetConf(conf({ 'cni.dev/valid-attachments': attachments }))['cni.dev/valid-attachments']).toEqual(
      attachments,
    );
  });
});
