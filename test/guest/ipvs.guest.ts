// In the guest: a Service of kube-proxy's IPVS mode on a node with strict Pods, which spec 002 names among the limits of strict routing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add } from '../../src/agent/add.ts';
import { chooseLinkDriver } from '../../src/agent/link-driver.ts';
import { createLinkWatch } from '../../src/agent/link-watch.ts';
import { CLIENT_IP, createNetnsWorld, type NetnsWorld } from '../../src/agent/testing/netns-world.ts';
import { callOf, createServiceWorld, eniOf, podOf, type ServiceWorld } from '../../src/agent/testing/service-world.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createFakeClock } from '../fake-clock.ts';

const SERVICE_IP = '10.96.0.50';
const PODS = {
  web: { mac: '20:90:6f:00:01:01', ip: '10.0.36.21', vlanId: 101, mode: 'strict' },
  old: { mac: '20:90:6f:00:01:03', ip: '10.0.36.23', vlanId: 103, mode: 'standard' },
} as const;

describe('a Service of IPVS', () => {
  let world: NetnsWorld;
  let service: ServiceWorld;
  const stop = new AbortController();
  const curl = (from: string, host: string): string =>
    world.run(from, ['curl', '-s', '--noproxy', '*', '-m', '5', `http://${host}:8080/`]).stdout;

  beforeAll(async () => {
    world = createNetnsWorld('i', { tagged: true });
    const watch = createLinkWatch({ kernel: world.kernel, clock: createFakeClock(), logger: silentLogger });
    void watch.run(stop.signal);
    world.must(
      'node',
      `echo 1 >/proc/sys/net/ipv4/ip_forward; for c in all default eth0 eth1; do echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter; done; ip link set eth1 up
       for p in tcp udp; do echo 0 >/proc/sys/net/ipv4/\${p}_early_demux; done
       ip link add kube-ipvs0 type veth peer name unused; ip address add ${SERVICE_IP}/32 dev kube-ipvs0
       ipvsadm -A -t ${SERVICE_IP}:8080 -s rr; ipvsadm -a -t ${SERVICE_IP}:8080 -r ${CLIENT_IP}:8080 -m`,
    );
    service = createServiceWorld(world.kernel, await chooseLinkDriver({ kernel: world.kernel, watch }, 'vlan'));
    for (const [name, { mode, ...facts }] of Object.entries(PODS)) {
      const pod = podOf(name);
      service.addPod(pod);
      service.enis.put(eniOf(pod, facts, { enforcingMode: mode }));
      world.plug({ ...facts, gateway: '10.0.36.1' });
      await add(service.deps, callOf('ADD', pod, `c-${name}`, world.netns(name)), new AbortController().signal);
    }
    await world.serve('client', CLIENT_IP, 8080);
  });
  afterAll(async () => {
    stop.abort();
    await world.close();
    service.close();
  });

  it('is reached by a standard Pod', () => {
    expect(curl('old', SERVICE_IP)).toBe(PODS.old.ip);
  });

  it('is not reached by a strict Pod, which reaches what is behind it', () => {
    expect(curl('web', CLIENT_IP)).toBe(PODS.web.ip);
    expect(curl('web', SERVICE_IP)).toBe('');
  });

  it('is what the agent tells ipamd of, so that the limit is a condition', async () => {
    expect(await service.routing.observe()).toMatchObject({ strict: true, ipvs: true });
  });
});
