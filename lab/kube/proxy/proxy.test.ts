// Services by packets: who answers, and which source it sees.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { services } from '../controllers/views.ts';
import { packetsPossible } from '../../host/testing/test-host.ts';
import { probeHost } from '../../host/probe.ts';
import type { ProxyBench } from './testing/proxy-bench.ts';
import { CALLER, CLIENT_IP, NODE_IP, OWN_IP, PODS, startProxyBench } from './testing/proxy-bench.ts';

const { possible, why } = packetsPossible(probeHost());

describe.skipIf(!possible)(`Services by packets${why}`, () => {
  let bench: ProxyBench;
  beforeAll(async () => {
    bench = await startProxyBench();
  });
  afterAll(async () => await bench?.close());

  /** Enough calls that each of two Pods is seen. */
  const many = async (netns: string, at: string): Promise<string[]> => {
    const calls = 'for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do curl --silent --max-time 2 "$1"; echo; done';
    const { stdout } = await bench.test.host.exec(['sh', '-c', calls, 'sh', `http://${at}/`], { netns });
    return [...new Set(stdout.trimEnd().split('\n'))].toSorted();
  };

  it('are answered by each of their Pods, with the source of whoever called', async () => {
    await bench.setService('web', { clusterIP: '10.96.0.20', ports: [{ port: 80 }] }, ['b1', 'b2']);
    await bench.untilRules('dnat to 10.2.0.2', true);
    expect(await many('caller', '10.96.0.20')).toEqual([`b1 saw ${CALLER.ip}`, `b2 saw ${CALLER.ip}`]);
    expect(await many('node', '10.96.0.20')).toEqual([`b1 saw ${NODE_IP}`, `b2 saw ${NODE_IP}`]);
  });

  it('answer a Pod that is behind them itself', async () => {
    await bench.setService('self', { clusterIP: '10.96.0.21', ports: [{ port: 80 }] }, ['b1']);
    await bench.untilRules('10.96.0.21 . tcp . 80 : goto service', true);
    expect(await bench.get('b1', '10.96.0.21')).toBe(`b1 saw ${NODE_IP}`);
  });

  it('leave the node alone where it answers itself, whoever is behind the Service for Pods', async () => {
    const address = ['ip', 'address', 'add', `${OWN_IP}/32`, 'dev', 'lo', 'scope', 'host'];
    await bench.test.host.exec(address, { netns: 'node' });
    const server = await bench.test.host.listen('node', { host: OWN_IP, port: 80 });
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nthe node'));
    });
    await bench.setService('own', { clusterIP: OWN_IP, ports: [{ port: 80 }] }, ['b2']);
    await bench.untilRules(`${OWN_IP} . tcp . 80 : goto service`, true);
    expect(await bench.get('caller', OWN_IP)).toBe(`b2 saw ${CALLER.ip}`);
    expect(await bench.get('node', OWN_IP)).toBe('the node');
    await bench.setService('own', { clusterIP: OWN_IP, ports: [{ port: 80 }] }, []);
    await bench.untilRules(`${OWN_IP} . tcp . 80 : goto reject`, true);
    expect([await bench.get('caller', OWN_IP), await bench.get('node', OWN_IP)]).toEqual(['code 7', 'the node']);
    server.close();
  });

  it('refuse at once when nobody is ready, and answer when somebody is', async () => {
    await bench.setService('late', { clusterIP: '10.96.0.22', ports: [{ port: 80 }] }, []);
    await bench.untilRules('10.96.0.22 . tcp . 80 : goto reject', true);
    expect(await bench.get('caller', '10.96.0.22')).toBe('code 7');
    expect(await bench.get('node', '10.96.0.22')).toBe('code 7');
    await bench.setService('late', { clusterIP: '10.96.0.22', ports: [{ port: 80 }] }, ['b2']);
    await bench.untilRules('10.96.0.22 . tcp . 80 : goto service', true);
    expect(await bench.get('caller', '10.96.0.22')).toBe(`b2 saw ${CALLER.ip}`);
  });

  it('go away with their rules', async () => {
    await bench.setService('gone', { clusterIP: '10.96.0.23', ports: [{ port: 80 }] }, ['b1']);
    await bench.untilRules('10.96.0.23', true);
    await bench.client.delete(services, 'gone', { namespace: 'default' });
    await bench.untilRules('10.96.0.23|default/gone', false);
  });

  it('stay as they were on a node that hears nothing, which catches up once it does', async () => {
    await bench.proxy.add({ netns: 'elsewhere', nodeName: 'n3', nodeIps: [] });
    bench.proxy.setFollowing('node', false);
    await bench.setService('missed', { clusterIP: '10.96.0.39', ports: [{ port: 80 }] }, ['b1']);
    await bench.untilRules('10.96.0.39 . tcp . 80 : goto service', true, 'elsewhere');
    const { stdout } = await bench.test.host.exec(['nft', 'list', 'ruleset'], { netns: 'node' });
    expect(stdout).toContain('table ip kube-proxy');
    expect(stdout).not.toContain('10.96.0.39');
    bench.proxy.setFollowing('node', true);
    await bench.untilRules('10.96.0.39 . tcp . 80 : goto service', true);
    bench.proxy.remove('elsewhere');
  });

  it('at a node port of policy Cluster are answered by every Pod, which sees the node', async () => {
    const spec = { type: 'NodePort', clusterIP: '10.96.0.24', ports: [{ port: 80, nodePort: 30_024 }] };
    await bench.setService('everywhere', spec, ['b1', 'b2']);
    await bench.untilRules('tcp . 30024 : goto external', true);
    expect(await many('client', `${NODE_IP}:30024`)).toEqual([`b1 saw ${NODE_IP}`, `b2 saw ${NODE_IP}`]);
    expect(await many('b1', `${NODE_IP}:30024`)).toEqual([`b1 saw ${NODE_IP}`, `b2 saw ${NODE_IP}`]);
  });

  it('at a node port lead a Pod to Pods of other nodes, by the way of the node whose source it gets', async () => {
    const spec = { type: 'NodePort', clusterIP: '10.96.0.29', ports: [{ port: 80, nodePort: 30_029 }] };
    await bench.setService('far', spec, ['far']);
    await bench.untilRules('tcp . 30029 : goto external', true);
    expect(await bench.get('b1', `${NODE_IP}:30029`)).toBe(`far saw ${NODE_IP}`);
  });

  it('at a node port of policy Local are answered by Pods of the node, which see the client', async () => {
    const local = { externalTrafficPolicy: 'Local' };
    const spec = { type: 'NodePort', clusterIP: '10.96.0.25', ports: [{ port: 80, nodePort: 30_025 }], ...local };
    await bench.setService('here', spec, ['b1', 'b2']);
    await bench.untilRules('tcp . 30025 : goto external', true);
    expect(await many('client', `${NODE_IP}:30025`)).toEqual([`b1 saw ${CLIENT_IP}`]);
    await bench.setService('here', spec, ['b2']);
    await bench.untilRules('tcp . 30025 : drop', true);
    expect(await bench.get('client', `${NODE_IP}:30025`)).toBe('code 28');
    expect(await bench.get('node', `${NODE_IP}:30025`)).toBe(`b2 saw ${NODE_IP}`);
  });

  it('with affinity keep a client with its Pod, also when others come and go', async () => {
    const spec = { clusterIP: '10.96.0.26', ports: [{ port: 80 }], sessionAffinity: 'ClientIP' };
    await bench.setService('sticky', spec, ['b1', 'b2']);
    await bench.untilRules('10.96.0.26 . tcp . 80 : goto service', true);
    const [first = ''] = await many('caller', '10.96.0.26');
    expect(await many('caller', '10.96.0.26')).toEqual([first]);
    const kept = first.startsWith('b1') ? 'b1' : 'b2';
    await bench.setService('sticky', spec, [kept]);
    const other = kept === 'b1' ? PODS.b2 : PODS.b1;
    await bench.untilRules(`default/sticky/tcp/80__${other}`, false);
    await bench.setService('sticky', spec, ['b1', 'b2']);
    await bench.untilRules(`default/sticky/tcp/80__${other}`, true);
    expect(await many('caller', '10.96.0.26')).toEqual([first]);
  });

  const conntrack = probeHost().root;
  it.skipIf(!conntrack)('of UDP forget flows to Pods that are gone', async () => {
    const spec = { clusterIP: '10.96.0.27', ports: [{ port: 53, protocol: 'UDP' }] };
    const { host } = bench.test;
    const flows = async (): Promise<string> =>
      (await host.exec(['conntrack', '--dump', '--proto', 'udp', '--orig-dst', '10.96.0.27'], { netns: 'node' }))
        .stdout;
    if ((await host.exec(['conntrack', '--version'])).code !== 0) return;
    await bench.setService('names', spec, ['b1']);
    await bench.untilRules('10.96.0.27 . udp . 53 : goto service', true);
    await host.exec(['bash', '-c', 'echo query >/dev/udp/10.96.0.27/53'], { netns: 'caller' });
    expect(await flows()).toContain(`src=${PODS.b1}`);
    await bench.setService('names', spec, ['b2']);
    await bench.untilRules(`default/names/udp/53__${PODS.b1}`, false);
    // The next load comes after the flows of this one were forgotten.
    await bench.setService('after', { clusterIP: '10.96.0.28', ports: [{ port: 80 }] }, ['b1']);
    await bench.untilRules('10.96.0.28', true);
    expect(await flows()).toBe('');
  });
});
