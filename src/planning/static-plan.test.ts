// The plan of a node's static addresses, case by case.
import { describe, expect, it } from 'vitest';
import { type HeldAddress, type NodeClaim, planStatic, type StaticEni, type StaticPlanInput } from './static-plan.ts';

const SUBNET = 'subnet-a';

const eni = (change: Partial<StaticEni> = {}): StaticEni => ({
  name: 'shared-1',
  subnetId: SUBNET,
  ready: true,
  busy: false,
  closed: false,
  cap: 9,
  seen: [],
  ...change,
});
const claim = (key: string, change: Partial<NodeClaim> = {}): NodeClaim => ({
  key,
  podUid: `uid-${key}`,
  subnetIds: [SUBNET],
  ...change,
});
const held = (ip: string, change: Partial<HeldAddress> = {}): HeldAddress => ({
  ip,
  subnetId: SUBNET,
  phase: 'Assigned',
  eni: 'shared-1',
  podUid: undefined,
  claim: undefined,
  over: true,
  ...change,
});
const on = (...ips: readonly string[]): NonNullable<StaticEni['seen']> => ips.map((ip) => ({ ip, settled: true }));
const plan = (change: Partial<StaticPlanInput>) =>
  planStatic({
    enis: [eni()],
    held: [],
    claims: [],
    maxENI: 3,
    maxIPPerENI: 9,
    refused: new Map(),
    living: new Set(),
    subnetsOfZone: [SUBNET],
    ...change,
  });
const kinds = (change: Partial<StaticPlanInput>): string[] => plan(change).map(({ kind }) => kind);

describe('an ENI in doubt', () => {
  it('is looked at before anything is bound to it', () => {
    expect(plan({ enis: [eni({ seen: undefined })], claims: [claim('a')] })).toEqual([
      { kind: 'look', eni: 'shared-1' },
    ]);
  });

  it('is left alone while a call to it is open, and nothing is bound elsewhere instead', () => {
    expect(plan({ enis: [eni({ busy: true })], claims: [claim('a')] })).toEqual([]);
  });
});

describe('a Pod without an address', () => {
  it('gets a new one, all that wait by one call', () => {
    expect(plan({ claims: [claim('a'), claim('b')] })).toEqual([{ kind: 'assign-new', eni: 'shared-1', count: 2 }]);
  });

  it('gets one that a lost reply left on the ENI', () => {
    expect(plan({ enis: [eni({ seen: on('10.0.0.5') })], claims: [claim('a')] })).toEqual([
      { kind: 'adopt', eni: 'shared-1', ip: '10.0.0.5', claim: 'a' },
    ]);
  });

  it('waits for an answer that has not settled, instead of another address', () => {
    const seen = [{ ip: '10.0.0.5', settled: false }];
    expect(plan({ enis: [eni({ seen, busy: true })], claims: [claim('a')] })).toEqual([]);
  });

  it('gets the address that its claim names before others that are free', () => {
    const enis = [eni({ seen: on('10.0.0.5', '10.0.0.6') })];
    expect(plan({ enis, claims: [claim('a', { had: '10.0.0.6' })] })).toContainEqual({
      kind: 'adopt',
      eni: 'shared-1',
      ip: '10.0.0.6',
      claim: 'a',
    });
  });

  it('is not given what another one nominated', () => {
    const wish = claim('wish', { nominated: { ip: '10.0.0.7', subnetId: SUBNET } });
    const actions = plan({ enis: [eni({ seen: on('10.0.0.5') })], claims: [wish, claim('a')] });
    expect(actions).toContainEqual({ kind: 'adopt', eni: 'shared-1', ip: '10.0.0.5', claim: 'a' });
    expect(actions).toContainEqual({ kind: 'assign-these', eni: 'shared-1', addresses: ['10.0.0.7'] });
  });
});

describe('a full node', () => {
  const full = eni({ cap: 0 });

  it('gets one more ENI as long as it may, for however many wait', () => {
    expect(plan({ enis: [full], claims: [claim('a'), claim('b')] })).toEqual([
      { kind: 'add-eni', subnetId: undefined },
    ]);
  });

  it('says what the cloud says when the ENI that they wait for cannot be made, and asks for no other one', () => {
    const obstacle = { reason: 'CloudQuotaExceeded', message: 'zone z is closed' };
    const wanted = eni({ name: 'shared-2', ready: false, obstacle });
    const wish = claim('wish', { nominated: { ip: '10.0.0.7', subnetId: SUBNET } });
    expect(plan({ enis: [full, wanted], claims: [wish, claim('a')] })).toEqual([
      { kind: 'blocked', claim: 'wish', ...obstacle },
      { kind: 'blocked', claim: 'a', ...obstacle },
    ]);
  });

  it('says so when it may have no further ENI', () => {
    expect(plan({ enis: [full], claims: [claim('a')], maxENI: 1 })).toMatchObject([
      { kind: 'blocked', claim: 'a', reason: 'InsufficientIPOrENI' },
    ]);
  });

  it('says that its subnets are dry when that is why', () => {
    expect(plan({ enis: [eni({ closed: true })], claims: [claim('a')], maxENI: 1 })).toMatchObject([
      { kind: 'blocked', claim: 'a', reason: 'SubnetExhausted' },
    ]);
  });
});

describe('a kept address', () => {
  const kept = held('10.0.0.5', { phase: 'Unassigned', eni: undefined, claim: 'a' });

  it('goes to an ENI of its subnet, ten by one call', () => {
    const claims = Array.from({ length: 12 }, (_, index) => claim(`c${index}`));
    const all = claims.map(({ key }, index) =>
      held(`10.0.0.${index + 1}`, { ...kept, ip: `10.0.0.${index + 1}`, claim: key }),
    );
    const [call] = plan({ enis: [eni({ cap: 20 })], claims, held: all });
    expect(call).toMatchObject({ kind: 'assign-these', eni: 'shared-1' });
    expect(call?.kind === 'assign-these' && call.addresses).toHaveLength(10);
  });

  it('gets an ENI in its subnet when the node has none there', () => {
    const enis = [eni({ subnetId: 'subnet-b' })];
    expect(plan({ enis, claims: [claim('a')], held: [kept], subnetsOfZone: [SUBNET, 'subnet-b'] })).toEqual([
      { kind: 'add-eni', subnetId: SUBNET },
    ]);
  });

  it('cannot be on a node whose zone does not have its subnet', () => {
    const enis = [eni({ subnetId: 'subnet-b' })];
    expect(plan({ enis, claims: [claim('a')], held: [kept], subnetsOfZone: ['subnet-b'] })).toMatchObject([
      { kind: 'blocked', claim: 'a', reason: 'ZoneMismatch' },
    ]);
  });

  it('is left out while the cloud refuses it, and then tried alone', () => {
    const other = held('10.0.0.6', { ...kept, ip: '10.0.0.6', claim: 'b' });
    const wanted = { claims: [claim('a'), claim('b')], held: [kept, other] };
    expect(plan({ ...wanted, refused: new Map([['10.0.0.5', 'later']]) })).toEqual([
      { kind: 'assign-these', eni: 'shared-1', addresses: ['10.0.0.6'] },
    ]);
    expect(
      plan({
        ...wanted,
        refused: new Map([
          ['10.0.0.5', 'alone'],
          ['10.0.0.6', 'later'],
        ]),
      }),
    ).toEqual([{ kind: 'assign-these', eni: 'shared-1', addresses: ['10.0.0.5'] }]);
  });

  it('that is still on the ENI of another node waits for that', () => {
    const elsewhere = held('10.0.0.5', { eni: 'shared-of-other', podUid: 'old', claim: 'a', over: false });
    expect(plan({ claims: [claim('a')], held: [elsewhere] })).toMatchObject([
      { kind: 'blocked', claim: 'a', reason: 'WaitingForRelease' },
    ]);
  });
});

describe('an address on the ENI', () => {
  const enis = [eni({ seen: on('10.0.0.5') })];

  it('serves the Pod of its claim from the moment it has settled', () => {
    const attaching = held('10.0.0.5', { phase: 'Attaching', claim: 'a', podUid: 'uid-a', over: false });
    expect(kinds({ enis, claims: [claim('a')], held: [attaching] })).toEqual(['serve']);
    const unsettled = [eni({ seen: [{ ip: '10.0.0.5', settled: false }] })];
    expect(kinds({ enis: unsettled, claims: [claim('a')], held: [attaching] })).toEqual([]);
  });

  it('is at rest once it does', () => {
    const assigned = held('10.0.0.5', { claim: 'a', podUid: 'uid-a', over: false });
    expect(plan({ enis, claims: [claim('a')], held: [assigned] })).toEqual([]);
  });

  it('passes to the next Pod of the name only when the former cannot be using it any more', () => {
    const former = held('10.0.0.5', { claim: 'a', podUid: 'uid-old' });
    expect(kinds({ enis, claims: [claim('a')], held: [former] })).toEqual(['serve']);
    expect(plan({ enis, claims: [claim('a')], held: [{ ...former, over: false }] })).toMatchObject([
      { kind: 'blocked', reason: 'WaitingForRelease' },
    ]);
  });

  it('that nobody here wants is given back, and not while it may be in use', () => {
    expect(kinds({ enis, held: [held('10.0.0.5')] })).toEqual(['unassign']);
    expect(kinds({ enis, held: [held('10.0.0.5', { over: false })] })).toEqual([]);
  });

  it('that no VpcIP tells of is given back when nobody waits for one, and not when a living Pod reports it', () => {
    expect(kinds({ enis })).toEqual(['unassign']);
    expect(kinds({ enis, living: new Set(['10.0.0.5']) })).toEqual([]);
  });

  it('is one call with others of its ENI, and no other call goes to that ENI meanwhile', () => {
    const ips = Array.from({ length: 12 }, (_, index) => `10.0.0.${index + 1}`);
    const crowded = [eni({ cap: 20, seen: on(...ips) })];
    const given = plan({ enis: crowded, held: ips.map((ip) => held(ip)) });
    expect(given).toEqual([{ kind: 'unassign', eni: 'shared-1', addresses: ips.slice(0, 10) }]);
    expect(kinds({ enis: crowded, held: ips.map((ip) => held(ip)), claims: [claim('a')] })).toEqual(['assign-new']);
  });
});

describe('an address that the cloud does not show', () => {
  it('is off its ENI once nobody wants it', () => {
    expect(plan({ held: [held('10.0.0.5', { phase: 'Detaching' })] })).toEqual([{ kind: 'off', ip: '10.0.0.5' }]);
  });

  it('is bound again for the Pod that lives with it, when somebody took it off by hand', () => {
    const lost = held('10.0.0.5', { claim: 'a', podUid: 'uid-a', over: false });
    expect(plan({ claims: [claim('a')], held: [lost] })).toEqual([
      { kind: 'assign-these', eni: 'shared-1', addresses: ['10.0.0.5'] },
    ]);
  });

  it('is not judged while its ENI is in doubt', () => {
    const detaching = held('10.0.0.5', { phase: 'Detaching' });
    expect(kinds({ enis: [eni({ busy: true })], held: [detaching] })).toEqual([]);
    expect(kinds({ enis: [eni({ ready: false, seen: undefined })], held: [detaching] })).toEqual([]);
  });
});
