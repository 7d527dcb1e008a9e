// Which ENIs of the node are used, and how those that make no sense are named.
import { describe, expect, it } from 'vitest';
import { nodeEnis } from './node-enis.ts';
import { eniInfoOf } from './testing/shared-enis.ts';
import { sharedWiringOf, wiringOf } from './testing/wirings.ts';

const links = [1, 2, 3].map((index) => ({
  ifname: `eth${index}`,
  address: eniInfoOf(index).mac.toUpperCase(),
  flags: [],
}));

describe('the ENIs of the node', () => {
  it('are found by MAC, whatever case it is written in, in order of index', () => {
    const { plugged, absent, problems } = nodeEnis([eniInfoOf(2), eniInfoOf(4), eniInfoOf(1, { trunk: true })], links);
    expect(plugged.map(({ index, device, trunk }) => [index, device, trunk])).toEqual([
      [1, 'eth1', true],
      [2, 'eth2', false],
    ]);
    expect(absent.map(({ eniID }) => eniID)).toEqual(['eni-node0004']);
    expect(problems).toEqual([]);
  });

  it.each([
    [{ mac: '' }, 'its MAC is ""; expected six hexadecimal bytes such as 20:90:6f:00:00:01'],
    [{ gateway: '' }, 'its gateway is ""; expected an IPv4 address such as 10.0.35.1'],
    [{ gateway: 'fe80::1' }, 'its gateway is "fe80::1"; expected an IPv4 address such as 10.0.35.1'],
    [{ gateway: '10.0.36.1' }, 'its gateway 10.0.36.1 is not in its subnet 10.0.35.0/24'],
    [{ subnetCIDR: '10.0.35.0' }, 'its subnet is "10.0.35.0"; expected an IPv4 CIDR such as 10.0.35.0/24'],
    [{ index: 1 }, 'ENI eni-node0001 has the same index 1; expected one ENI for each index'],
    [{ mac: eniInfoOf(1).mac }, `ENI eni-node0001 has the same MAC ${eniInfoOf(1).mac}; expected one ENI for each MAC`],
  ])('that make no sense are not used: %j', (changes, why) => {
    const { plugged, problems } = nodeEnis([eniInfoOf(1), eniInfoOf(2, changes), eniInfoOf(3)], links);
    expect(plugged.map(({ index }) => index)).toContain(3);
    expect(plugged.map(({ eniID }) => eniID)).not.toContain('eni-node0002');
    expect(problems).toContain(`ENI eni-node0002 is not used: ${why}`);
  });

  it('are not given a table that Pods of another ENI still use', () => {
    const wirings = [sharedWiringOf({ index: 2, eniMac: '20:90:6f:00:00:99' }), wiringOf()];
    const { plugged, problems } = nodeEnis([eniInfoOf(1), eniInfoOf(2)], links, wirings);
    expect(plugged.map(({ index }) => index)).toEqual([1]);
    expect(problems).toEqual([
      'ENI eni-node0002 is not used: Pods of the ENI with MAC 20:90:6f:00:00:99 still use index 2; expected an index of its own',
    ]);
    const own = [sharedWiringOf({ index: 2, eniMac: eniInfoOf(2).mac.toUpperCase() })];
    expect(nodeEnis([eniInfoOf(1), eniInfoOf(2)], links, own).problems).toEqual([]);
  });
});
