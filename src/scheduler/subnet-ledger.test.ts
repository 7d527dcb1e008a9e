// How many addresses of a subnet are free between two reports of ipamd.
import { expect, it } from 'vitest';

import { createFakeClock } from '../../test/fake-clock.ts';
import { type ConfigMap, configMaps } from '../kube/resources.ts';
import { createManualInformer } from '../kube/testing/manual-informer.ts';
import type { Resource } from '../kube/types.ts';
import { createSubnetLedger } from './subnet-ledger.ts';
import type { AddressView } from './views.ts';

const VIEWS: Resource<AddressView> = { group: '', version: 'v1', plural: 'vpcips', kind: 'VpcIP', namespaced: false };

function openLedger() {
  const clock = createFakeClock();
  const addresses = createManualInformer(VIEWS);
  const reports = createManualInformer<ConfigMap>(configMaps);
  const ledger = createSubnetLedger(clock, addresses, reports);
  return {
    clock,
    sync: () => addresses.sync(),
    free: () => ledger.subnets()[0]?.free,
    report: (available: number) =>
      reports.put({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'tke-eni-ip-subnets' },
        data: { 'subnet-a': JSON.stringify({ zone: 'z', cidr: '10.0.0.0/24', available, container: true }) },
      }),
    address: (eniId: string | undefined, kept = true) =>
      addresses.put({
        apiVersion: '',
        kind: 'VpcIP',
        metadata: { name: '10.0.0.5' },
        subnetId: 'subnet-a',
        claimUid: kept ? 'c' : undefined,
        nodeName: eniId === undefined ? undefined : 'n',
        eniId,
        podUid: undefined,
      }),
  };
}

it('an address that was bound since counts as taken, until a report that knows of it', async () => {
  const { clock, free, report, address, sync } = openLedger();
  sync();
  report(10);
  address('eni-1');
  expect(free()).toBe(9);
  await clock.advance(6_000);
  report(9);
  expect(free()).toBe(9);
});

it('a report that came at almost the same time may not know of it yet', async () => {
  const { clock, free, report, address, sync } = openLedger();
  sync();
  report(10);
  address('eni-1');
  await clock.advance(1_000);
  report(10);
  expect(free()).toBe(9);
});

it('an address that is kept while no Pod has it is free in the cloud, and not for others; one that nobody keeps is', () => {
  const { free, report, address, sync } = openLedger();
  sync();
  report(10);
  address('eni-1');
  address(undefined);
  expect(free()).toBe(9);
  address(undefined, false);
  expect(free()).toBe(10);
});

it('addresses that are bound at the start are in the report, and one that was counted twice is so only for a while', async () => {
  const { clock, free, report, address, sync } = openLedger();
  address('eni-1');
  report(10);
  sync();
  expect(free()).toBe(10);
  address(undefined, false);
  address('eni-2');
  await clock.advance(1_000);
  report(9);
  await clock.advance(90_000);
  expect(free()).toBe(9);
});
