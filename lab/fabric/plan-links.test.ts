// Which commands lead from the links that are there to those that should be.
import { describe, expect, it } from 'vitest';
import type { FabricEni } from '../cloud/read-model.ts';
import type { LinkPlan, LinkState } from './plan-links.ts';
import { NO_LINKS, planLinks } from './plan-links.ts';
import { desiredPorts } from './ports.ts';
import { eni, subEni } from './testing/snapshots.ts';

const instances = new Map([
  ['ins-1', 'n1'],
  ['ins-2', 'n2'],
]);

function plan(
  from: LinkState,
  enis: readonly FabricEni[],
  registered: ReadonlyMap<string, string> = instances,
): LinkPlan {
  let serial = 0;
  return planLinks(from, desiredPorts(enis, registered), () => serial++);
}

function built(...enis: readonly FabricEni[]): LinkState {
  return plan(NO_LINKS, enis).next;
}

describe('a new ENI', () => {
  it('gets a link, a neighbour that is never asked for, and a route per address', () => {
    expect(plan(NO_LINKS, [eni(1, { addresses: ['10.0.0.1', '10.0.0.101'] })]).batch).toEqual([
      'address add 10.0.0.254/32 dev lo',
      'link add p00000001 type veth peer name eth0 address 02:00:00:00:00:01 netns n1',
      'link set p00000001 up',
      'neighbour replace 169.254.0.1 lladdr 02:00:00:00:00:01 dev p00000001 nud permanent',
      'route replace 10.0.0.1/32 via 169.254.0.1 dev p00000001 onlink',
      'route replace 10.0.0.101/32 via 169.254.0.1 dev p00000001 onlink',
    ]);
  });

  it('is configured in the guest when it is the primary one, with the prefix of its subnet', () => {
    expect(plan(NO_LINKS, [eni(1)]).guests).toEqual([
      {
        netns: 'n1',
        device: 'eth0',
        batch: [
          'link set lo up',
          'link set eth0 up',
          'address add 10.0.0.1/24 dev eth0',
          'route replace default via 10.0.0.254 dev eth0',
        ],
      },
    ]);
  });

  it('only appears in the guest when it is a secondary one or a sub-ENI', () => {
    const { batch, guests } = plan(NO_LINKS, [eni(1, { kind: 'secondary', deviceIndex: 1 }), subEni(2, 'ins-1', 77)]);
    expect(guests).toEqual([]);
    expect(batch).toContain('link add p00000001 type veth peer name eth1 address 02:00:00:00:00:01 netns n1');
    expect(batch).toContain('link add p00000002 type veth peer name sub77x0 address 02:00:00:00:00:02 netns n1');
  });

  it('has no port while its instance is not registered, or while it is attached to none', () => {
    expect(plan(NO_LINKS, [eni(9), eni(1, { instanceId: null })]).batch).toEqual([]);
  });
});

describe('a change', () => {
  it('that changes nothing of the links gives no command', () => {
    expect(plan(built(eni(1)), [eni(1, { securityGroupIds: ['sg-a'] })]).batch).toEqual([]);
  });

  it('of secondary addresses touches only their routes', () => {
    const before = built(eni(1, { addresses: ['10.0.0.1', '10.0.0.101'] }));
    expect(plan(before, [eni(1, { addresses: ['10.0.0.1', '10.0.0.102'] })]).batch).toEqual([
      'route delete 10.0.0.101/32 dev p00000001',
      'route replace 10.0.0.102/32 via 169.254.0.1 dev p00000001 onlink',
    ]);
  });

  it('that moves an address from one ENI to another removes before it adds', () => {
    const before = built(eni(1), eni(2, { addresses: ['10.0.0.2', '10.0.0.50'] }));
    expect(plan(before, [eni(1, { addresses: ['10.0.0.1', '10.0.0.50'] }), eni(2)]).batch).toEqual([
      'route delete 10.0.0.50/32 dev p00000002',
      'route replace 10.0.0.50/32 via 169.254.0.1 dev p00000001 onlink',
    ]);
  });

  it('of the instance builds the port anew', () => {
    const { batch } = plan(built(eni(1)), [eni(1, { instanceId: 'ins-2' })]);
    expect(batch.slice(0, 3)).toEqual([
      'link set p00000001 group 4094',
      'link delete group 4094',
      'link add p00000001 type veth peer name eth0 address 02:00:00:00:00:01 netns n2',
    ]);
  });
});

describe('ENIs that go', () => {
  it('are deleted in one go, with the gateways that nobody needs any more', () => {
    const other = { subnetCidr: '10.1.0.0/24', gateway: '10.1.0.254' };
    expect(plan(built(eni(1), eni(2, other)), []).batch).toEqual([
      'link set p00000001 group 4094',
      'link set p00000002 group 4094',
      'link delete group 4094',
      'address delete 10.0.0.254/32 dev lo',
      'address delete 10.1.0.254/32 dev lo',
    ]);
  });

  it('go with their instance', () => {
    expect(plan(built(eni(1), eni(2)), [eni(1), eni(2)], new Map([['ins-1', 'n1']])).touched).toEqual(
      new Set(['p00000002']),
    );
  });
});

describe('ports', () => {
  it.each([
    [{ addresses: ['10.0.0.1; drop'] }, /"10.0.0.1; drop" is not an IPv4 address/],
    [{ addresses: [] }, /primary ENI has an address/],
    [{ mac: '02:00' }, /"02:00" is not a lower-case MAC/],
    [{ deviceIndex: null }, /device index/],
    [{ kind: 'sub', vlanId: null }, /VLAN id/],
  ] as const)('refuse an ENI that cannot be built: %j', (changes, message) => {
    const planning = (): unknown => desiredPorts([eni(1, changes)], instances);
    expect(planning).toThrow(expect.objectContaining({ code: 'FABRIC-SNAPSHOT' }));
    expect(planning).toThrow(message);
  });

  it('of a super node configure the ENI in the namespace of its Pod', () => {
    const ports = desiredPorts([eni(1, { kind: 'secondary', deviceIndex: 0 })], instances);
    expect(ports[0]?.guest).toMatchObject({ kind: 'configured', address: '10.0.0.1/24' });
  });
});
