import { beforeEach, describe, expect, test } from 'vitest';

import { silentLogger } from '../../src/base/logger.ts';
import { createFakeClock } from '../../test/fake-clock.ts';
import { addEni, takeAddresses } from './actions/eni-records.ts';
import { chooseEnis } from './actions/eni-filters.ts';
import { type CloudCore, createCore } from './core.ts';
import { bindEip } from './eips/eip-state.ts';
import { loadEnis } from './load-enis.ts';
import { createAddressPool, parseCidr4 } from './addresses.ts';
import { defaultSettings } from './settings.ts';

let core: CloudCore;
let ids: readonly string[];

/** Two subnets whose ENIs were made in turns: 0, 2 and 4 are of the first, 1 and 3 of the second. */
beforeEach(() => {
  const clock = createFakeClock();
  core = createCore({
    clock,
    logger: silentLogger,
    region: 'r',
    fabric: undefined,
    seed: 1,
    settings: defaultSettings,
  });
  const common = { name: '', tags: [], createdAt: clock.now() };
  core.state.vpcs.set('vpc-aaaaaaaa', { ...common, vpcId: 'vpc-aaaaaaaa', cidr: '10.0.0.0/8', isDefault: false });
  for (const [index, subnetId] of ['subnet-aaaaaaaa', 'subnet-bbbbbbbb'].entries()) {
    const cidr = `10.${index}.0.0/16`;
    const addresses = createAddressPool(parseCidr4(cidr) ?? { base: 0, prefix: 16 });
    core.state.subnets.set(subnetId, {
      ...common,
      subnetId,
      vpcId: 'vpc-aaaaaaaa',
      cidr,
      addresses,
      zone: 'ap-guangzhou-3',
    });
  }
  ids = [0, 1, 2, 3, 4].flatMap((index) => {
    const subnetId = index % 2 === 0 ? 'subnet-aaaaaaaa' : 'subnet-bbbbbbbb';
    return loadEnis(core, { subnetId, count: 1, addressesEach: 2, securityGroupIds: ['sg-aaaaaaaa'] });
  });
});

const found = (Name: string, ...Values: string[]): readonly number[] =>
  chooseEnis(core, undefined, [{ Name, Values }]).map((eni) => ids.indexOf(eni.eniId));

function bindPublic(ip: string, index: number): void {
  const eni = core.state.enis.get(ids[index] ?? '');
  const eip = { addressId: `eip-aaaaaaa${index}`, ip, binding: null };
  // Only what the filter reads.
  core.state.eipBook.eips.set(eip.addressId, eip as never);
  bindEip(core.state.eipBook, eip as never, {
    eniId: eni?.eniId ?? '',
    privateIp: eni?.addresses[0]?.ip ?? '',
  });
}

describe('filters of DescribeNetworkInterfaces', () => {
  test('that an index answers never look through all ENIs', () => {
    bindPublic('203.0.113.1', 3);
    core.state.enis.all = () => {
      throw new Error('all ENIs were looked through');
    };
    expect(found('public-address-ip', '203.0.113.1')).toEqual([3]);
    expect(found('public-address-ip', '203.0.113.2')).toEqual([]);
    expect(found('network-interface-id', ids[2] ?? '')).toEqual([2]);
    expect(found('network-interface-name', 'loaded-0')).toHaveLength(5);
    expect(found('groups.security-group-id', 'sg-aaaaaaaa')).toHaveLength(5);
    expect(found('address-ip', '10.1.0.2')).toEqual([1]);
    expect(found('ip-exact-match', '10.0.0.4')).toEqual([2]);
    expect(found('vpc-id', 'vpc-aaaaaaaa')).toHaveLength(5);
    expect(found('is-primary', 'TRUE')).toEqual([]);
    expect(found('tag-key', 'k')).toEqual([]);
  });

  test('with several values list the oldest first, and each ENI once', () => {
    expect(found('subnet-id', 'subnet-bbbbbbbb', 'subnet-aaaaaaaa')).toEqual([0, 1, 2, 3, 4]);
    expect(found('subnet-id', 'subnet-bbbbbbbb', 'subnet-bbbbbbbb', 'subnet-cccccccc')).toEqual([1, 3]);
    const [one = '', two = ''] = [ids[4], ids[1]];
    expect(found('network-interface-id', one, two, one)).toEqual([1, 4]);
    expect(found('ip-exact-match', '10.0.0.2', '10.0.0.3', '10.1.0.2')).toEqual([0, 1]);
  });

  test('that no index answers still find what there is', () => {
    const subnet = core.state.subnets.get('subnet-aaaaaaaa');
    if (subnet === undefined) throw new Error('no subnet');
    const described = { name: 'n', description: 'why', kind: 'secondary' as const, securityGroupIds: [], tags: [] };
    const eni = addEni(core, { ...described, subnet, addresses: takeAddresses(subnet, [], 1) });
    expect(
      chooseEnis(core, undefined, [{ Name: 'network-interface-description', Values: ['why'] }]).map((one) => one.eniId),
    ).toEqual([eni.eniId]);
  });
});
