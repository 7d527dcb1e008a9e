// The whole agent: real entry, real socket, real kernel, and the embedded Kubernetes API with our CRDs.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilGone, untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import { cniErrorResultSchema } from '../cni/error.ts';
import { addResultSchema } from '../cni/result.ts';
import { pods } from '../kube/resources.ts';
import { CONFLIST_NAME } from './conflist.ts';
import { canMakeNamespaces } from './testing/netns-world.ts';
import { createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { eniOf, NODE } from './testing/service-world.ts';
import { eniInfoOf } from './testing/shared-enis.ts';

const FACTS = { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101 };

describe.skipIf(!canMakeNamespaces())('the agent', () => {
  let program: ProgramWorld;

  beforeAll(async () => {
    program = await createProgramWorld('p');
  });
  afterAll(() => program.close());

  const named = (object: { readonly metadata: { readonly name: string } }) => ({
    fieldSelector: `metadata.name=${object.metadata.name}`,
  });

  it('takes a Pod through its life, over a restart of its own', async () => {
    await program.startAgent();
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1, { trunk: true })] });
    const nec = await untilObject(program.client, nodeEniConfigs, {}, (object) => object.status?.node?.ready === true);
    expect(nec.status?.node).toMatchObject({ linkDriver: 'veth', agentVersion: 'v3.6.0' });
    expect(readdirSync(join(program.base, 'net.d'))).toEqual([CONFLIST_NAME]);

    // ADD waits for everything in turn: the VpcENI, its cloud side, its device.
    const pod = await program.createPod('web');
    const netns = program.world.netns('web');
    const adding = program.cni('ADD', pod, 'c1', netns);
    const eni = eniOf(pod, FACTS);
    await program.putEni(eni);
    program.world.plug({ mac: FACTS.mac, ip: FACTS.ip, gateway: '10.0.36.1' });
    const added = await adding;
    expect(added.code).toBe(0);
    expect(addResultSchema.parse(JSON.parse(added.stdout))).toMatchObject({
      cniVersion: '0.3.1',
      ips: [{ version: '4', address: '10.0.36.21/32', gateway: '169.254.1.1', interface: 1 }],
    });
    expect(program.world.run('client', ['busybox', 'ping', '-c', '1', '-W', '2', FACTS.ip]).code).toBe(0);
    const wired = await untilObject(
      program.client,
      vpcEnis,
      named(eni),
      (object) => object.status?.agent?.state === 'Wired',
    );
    expect(wired.status?.agent).toMatchObject({ podUID: pod.metadata.uid, containerID: 'c1' });
    expect((await program.cni('CHECK', pod, 'c1', netns, { cniVersion: '0.4.0' })).code).toBe(0);

    // Away: what is wired stays wired, what somebody breaks is repaired, what is deleted is deleted later.
    await program.stopAgent();
    program.world.must(
      'node',
      'ip rule del pref 10 iif eth1.101; ip route del 10.0.36.21/32; ip route flush table 20101',
    );
    expect(program.world.run('client', ['busybox', 'ping', '-c', '1', '-W', '1', FACTS.ip]).code).not.toBe(0);
    await program.startAgent();
    expect(JSON.parse((await program.cni('ADD', pod, 'c1', netns)).stdout)).toEqual(JSON.parse(added.stdout));
    expect(program.world.run('client', ['busybox', 'ping', '-c', '1', '-W', '2', FACTS.ip]).code).toBe(0);
    await program.stopAgent();
    expect(await program.cni('DEL', pod, 'c1', netns)).toEqual({ code: 0, stdout: '' });
    expect(readdirSync(join(program.base, 'state', 'tombstones'))).toEqual(['c1']);
    expect(program.world.run('node', ['ip', 'rule']).stdout).toContain('10.0.36.21');

    // Back: the deletion is carried out, and once the Pod is gone its network is reported as torn down.
    await program.client.delete(pods, 'web', { namespace: 'ns', gracePeriodSeconds: 0 });
    await untilGone(program.client, pods, 'web', 'ns');
    await program.startAgent();
    const torn = await untilObject(
      program.client,
      vpcEnis,
      named(eni),
      (object) => object.status?.agent?.state === 'TornDown',
    );
    expect(torn.status?.agent).toMatchObject({ podUID: pod.metadata.uid });
    expect(torn.status?.agent).not.toHaveProperty('containerID');
    expect(readdirSync(join(program.base, 'state', 'tombstones'))).toEqual([]);
    expect(program.world.run('node', ['ip', 'rule']).stdout).not.toContain('10.0.36.21');
    const again = await program.cni('ADD', pod, 'c2', netns);
    expect(again.code).toBe(1);
    expect(cniErrorResultSchema.parse(JSON.parse(again.stdout))).toMatchObject({ cniVersion: '0.3.1', code: 100 });
    await program.stopAgent();
  });
});
