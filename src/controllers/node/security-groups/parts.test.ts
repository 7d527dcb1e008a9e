// The small parts of the sync: which policy counts, what the version allows, who may try again.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import { createKnownGroups } from './known-groups.ts';
import { createGroupPermission, missingPermission } from './permission.ts';
import { contradictions, groupPolicy } from './policy.ts';
import { closedByVersion, imageTag } from './version.ts';

const never = new AbortController().signal;
const none = { enableSecurityGroups: undefined, securityGroups: undefined };
const [a, b] = ['sg-aaaaaaaa', 'sg-bbbbbbbb'] as const;

describe('the policy in force', () => {
  const values = {
    'vpcCni.securityGroups.enableSecurityGroups': true,
    'vpcCni.securityGroups.securityGroups': [a],
  };

  it('is off and inherits by default', () => {
    expect(groupPolicy(none, {})).toEqual({ enabled: false, groups: [] });
  });

  it('is the add-on value where no flag is given', () => {
    expect(groupPolicy(none, values)).toEqual({ enabled: true, groups: [a] });
  });

  it('is the flag where one is given, also one that says off or inherit', () => {
    expect(groupPolicy({ enableSecurityGroups: false, securityGroups: [] }, values)).toEqual({
      enabled: false,
      groups: [],
    });
    expect(groupPolicy({ ...none, securityGroups: [b] }, values)).toEqual({ enabled: true, groups: [b] });
  });

  it('names what contradicts, and nothing else', () => {
    expect(contradictions({ enableSecurityGroups: true, securityGroups: [b] }, values)).toEqual([
      `--security-groups=${b} counts, not the add-on value vpcCni.securityGroups.securityGroups="${a}"`,
    ]);
    expect(contradictions(none, values)).toEqual([]);
  });
});

describe('the version', () => {
  const deployed = (image: string) => ({
    get: () => Promise.resolve({ spec: { template: { spec: { containers: [{ image }] } } } } as never),
  });
  const absent = { get: () => Promise.reject(new Error('not found')) };

  it('below 3.2.0 keeps the feature off and says from which one it is there', async () => {
    expect(
      await closedByVersion(deployed('ccr.ccs.tencentyun.com/tkeimages/tke-eni-ipamd:v3.1.9'), 'v3.6.0', never),
    ).toMatch(/needs add-on version 3\.2\.0 or newer, this one is v3\.1\.9/);
  });

  it('is the image tag of the Deployment, and the own one without it', async () => {
    expect(await closedByVersion(deployed('x/tke-eni-ipamd:v3.2.0'), 'v3.1.0', never)).toBeUndefined();
    expect(await closedByVersion(absent, 'v3.6.0', never)).toBeUndefined();
    expect(await closedByVersion(absent, 'v3.1.0', never)).toBeDefined();
    expect(await closedByVersion(deployed('x/tke-eni-ipamd'), 'v3.6.0', never)).toBeUndefined();
  });

  it('is read past the port of a registry and before a digest', () => {
    expect(imageTag('registry:5000/tke-eni-ipamd')).toBeUndefined();
    expect(imageTag('registry:5000/tke-eni-ipamd:v3.6.0@sha256:0123')).toBe('v3.6.0');
    expect(imageTag('tke-eni-ipamd@sha256:0123')).toBeUndefined();
  });
});

describe('an action that the role lacks', () => {
  const start = () => {
    const clock = createFakeClock();
    const permission = createGroupPermission(clock, 1_000);
    let told = 0;
    permission.onGranted(() => (told += 1));
    return { clock, permission, told: () => told };
  };

  it('is tried by one caller per interval', async () => {
    const { clock, permission } = start();
    permission.refused('A');
    expect([permission.mayTry('A'), permission.mayTry('B')]).toEqual([false, true]);
    await clock.advance(1_000);
    expect([permission.mayTry('A'), permission.mayTry('A'), permission.mayTry('A')]).toEqual([true, false, false]);
  });

  it('is free for all, who are told once, when a call of it goes through', () => {
    const { permission, told } = start();
    permission.refused('A');
    permission.granted('B');
    expect(told()).toBe(0);
    permission.granted('A');
    permission.granted('A');
    expect([permission.mayTry('A'), told()]).toEqual([true, 1]);
  });

  it('is named together with the policy and the role', () => {
    expect(missingPermission('AssociateNetworkInterfaceSecurityGroups')).toMatch(
      /cvm:AssociateNetworkInterfaceSecurityGroups.*SecurityGroupsAccessForIPAMD.*IPAMDofTKE_QCSRole/,
    );
    expect(missingPermission('ModifyNetworkInterfaceAttribute')).toMatch(
      /vpc:ModifyNetworkInterfaceAttribute.*IPAMDofTKE_QCSRole/,
    );
  });
});

describe('which groups exist', () => {
  const start = (existing: readonly string[]) => {
    const reads: (readonly string[])[] = [];
    const clock = createFakeClock();
    const there = new Set(existing);
    const describeSecurityGroups = (ids: readonly string[]) => {
      reads.push(ids);
      return Promise.resolve(
        ids.filter((id) => there.has(id)).map((id) => ({ securityGroupId: id, name: '', projectId: '0' })),
      );
    };
    return { reads, clock, there, groups: createKnownGroups({ describeSecurityGroups }, clock) };
  };

  it('is one read for many nodes that ask for the same list', async () => {
    const { reads, groups } = start([a, b]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => groups.get([a, b], never)));
    await groups.get([a, b], never);
    expect(reads).toEqual([[a, b]]);
    expect(answers.every((answer) => answer.get(a)?.projectId === '0')).toBe(true);
  });

  it('is asked again for one that is missing, and after a while for all', async () => {
    const { reads, clock, groups, there } = start([a]);
    expect([...(await groups.get([a, b], never)).keys()]).toEqual([a]);
    there.add(b);
    expect([...(await groups.get([a, b], never)).keys()]).toEqual([a, b]);
    await clock.advance(60_000);
    there.delete(a);
    expect([...(await groups.get([a, b], never)).keys()]).toEqual([b]);
    expect(reads).toEqual([[a, b], [b], [a, b]]);
  });
});
