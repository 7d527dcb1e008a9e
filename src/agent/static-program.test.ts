// The whole agent in static mode, with a real kernel and the embedded API: an address bound by ipamd carries packets, and its end is told.
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilGone, untilObject } from '../../lab/kube/testing/until-object.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { type VpcIp, vpcIps } from '../api/vpc-ip.ts';
import { addResultSchema } from '../cni/result.ts';
import { type Pod, pods } from '../kube/resources.ts';
import { canMakeNamespaces } from './testing/netns-world.ts';
import { type CniOutcome, createProgramWorld, type ProgramWorld } from './testing/program-world.ts';
import { NODE } from './testing/service-world.ts';
import { eniInfoOf, sharedEniOf } from './testing/shared-enis.ts';
import { necInStaticMode, vpcIpOf } from './testing/static-addresses.ts';

const IP = '10.0.35.60';
const addressIn = ({ stdout }: CniOutcome): string =>
  addResultSchema.parse(JSON.parse(stdout)).ips[0]?.address.replace('/32', '') ?? '';

describe.skipIf(!canMakeNamespaces())('the agent in static mode', () => {
  let program: ProgramWorld;
  const call = (command: 'ADD' | 'DEL', pod: Pod, container: string): Promise<CniOutcome> =>
    program.cni(command, pod, container, program.world.netns(container));
  const answersPing = (): boolean =>
    program.world.run('client', ['busybox', 'ping', '-c', '1', '-W', '1', IP]).code === 0;
  /** What ipamd does: the address is this Pod's from now on. */
  const bind = async (pod: Pod): Promise<void> => {
    const { status, metadata, ...rest } = vpcIpOf(IP, pod, {}, 1);
    const { uid: _server, ...named } = metadata;
    if (!(await program.client.list(vpcIps)).items.some((each) => each.metadata.name === IP))
      await program.client.create(vpcIps, { ...rest, metadata: named });
    await program.setStatus(vpcIps, IP, status ?? {});
  };
  const untilTold = (state: 'Wired' | 'TornDown', pod: Pod): Promise<VpcIp> =>
    untilObject(program.client, vpcIps, {}, ({ status }) => {
      const agent = status?.agent;
      return agent?.state === state && agent.podUID === pod.metadata.uid;
    });
  const remove = async (pod: Pod): Promise<void> => {
    await program.client.delete(pods, pod.metadata.name, { namespace: 'ns', gracePeriodSeconds: 0 });
    await untilGone(program.client, pods, pod.metadata.name, 'ns');
  };

  beforeAll(async () => {
    program = await createProgramWorld('s');
    await program.putEni(sharedEniOf(1, undefined));
    const { mac, gateway } = eniInfoOf(1);
    program.world.plug({ mac, gateway, ip: IP });
    const { conditions } = necInStaticMode().status ?? {};
    await program.setStatus(nodeEniConfigs, NODE, { eniInfos: [eniInfoOf(1)], conditions });
    await program.startAgent();
    await untilObject(program.client, nodeEniConfigs, {}, ({ status: now }) => now?.node?.ready === true);
  });
  afterAll(() => program.close());

  it('wires what ipamd binds, tells it, and tells the end once the Pod is gone', async () => {
    const pod = await program.createPod('web-0', { networks: null });
    const adding = call('ADD', pod, 'c1');
    await bind(pod);
    expect(addressIn(await adding)).toBe(IP);
    expect(answersPing()).toBe(true);
    expect((await untilTold('Wired', pod)).status?.agent?.containerID).toBe('c1');
    await call('DEL', pod, 'c1');
    await remove(pod);
    await untilTold('TornDown', pod);
    expect(program.world.run('node', ['ip', 'rule']).stdout).not.toContain(IP);
  });

  it('a Pod of the same name gets the address only when ipamd says so; restart and a DEL that nobody heard change nothing', async () => {
    const former = await program.createPod('web-0', { networks: null });
    await bind(former);
    await call('ADD', former, 'c2');
    await untilTold('Wired', former);
    await program.stopAgent();
    expect(answersPing()).toBe(true);
    expect(await call('DEL', former, 'c2')).toEqual({ code: 0, stdout: '' });
    expect(readdirSync(join(program.base, 'state', 'tombstones'))).toEqual(['c2']);
    await remove(former);
    const pod = await program.createPod('web-0', { networks: null });
    await program.startAgent();
    const adding = call('ADD', pod, 'c3');
    // The former Pod's end is told while the new one already waits for the address.
    await untilTold('TornDown', former);
    expect(answersPing()).toBe(false);
    await bind(pod);
    expect(addressIn(await adding)).toBe(IP);
    expect(answersPing()).toBe(true);
    await untilTold('Wired', pod);
  });
});
