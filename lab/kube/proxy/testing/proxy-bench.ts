// For tests with packets: an outside client, a node with two Pods behind it, an API and the proxy of that node.
import { systemClock } from '../../../../src/base/clock.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { createKubeClient } from '../../../../src/kube/client.ts';
import type { KubeClient, KubeObject } from '../../../../src/kube/types.ts';
import type { TestHost } from '../../../host/testing/test-host.ts';
import { startTestHost } from '../../../host/testing/test-host.ts';
import { startTestApi } from '../../apiserver/testing/test-api.ts';
import { endpoints, services } from '../../controllers/views.ts';
import type { ServiceProxy } from '../proxy.ts';
import { createServiceProxy } from '../proxy.ts';

export const NODE_IP = '10.1.0.1';
export const CLIENT_IP = '10.1.0.9';
/** `far` is on another node, behind the client's side of the network. */
export const PODS = { b1: '10.2.0.1', b2: '10.2.0.2', far: '10.2.0.9' } as const;
/** A Pod of the node that is behind no Service. */
export const CALLER = { netns: 'caller', ip: '10.2.0.3' } as const;
export const NODE_NAME = 'n1';

// The node as an agent leaves it: Pods by a /32 each, and for what they send a table whose way out is another than the node's.
const TOPOLOGY = `
cd /proc/sys/net/ipv4
echo 1 > ip_forward
for dev in all default; do echo 0 > conf/$dev/rp_filter; done
ip link set lo up
ip link add eth0 type veth peer name eth0 netns client
ip addr add ${NODE_IP}/24 dev eth0
ip link set eth0 up
ip -n client addr add ${CLIENT_IP}/24 dev eth0
ip -n client link set eth0 up
ip -n client route add default via ${NODE_IP}
ip route add default via ${CLIENT_IP}
for pod in "b1 ${PODS.b1}" "b2 ${PODS.b2}" "${CALLER.netns} ${CALLER.ip}"; do
  set -- $pod
  ip link add to-$1 address ee:ee:ee:ee:ee:ee type veth peer name eth0 netns $1
  ip link set to-$1 up
  ip route add $2 dev to-$1
  ip rule add pref 512 to $2 lookup main
  ip rule add pref 1536 from $2 lookup 1000
  ip -n $1 link set lo up
  ip -n $1 addr add $2/32 dev eth0
  ip -n $1 link set eth0 up
  ip -n $1 route add 169.254.1.1 dev eth0 scope link
  ip -n $1 neigh add 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent
  ip -n $1 route add default via 169.254.1.1
done
ip -n client link add to-far type veth peer name eth0 netns far
ip -n client addr add 10.2.0.8/31 dev to-far
ip -n client link set to-far up
ip -n far addr add ${PODS.far}/31 dev eth0
ip -n far link set eth0 up
ip -n far route add default via 10.2.0.8
ip netns exec client sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
ip link add eth1 type veth peer name eth0 netns elsewhere
ip link set eth1 up
ip -n elsewhere link set eth0 up
ip neigh add 10.3.0.9 lladdr 02:00:00:00:00:09 dev eth1 nud permanent
ip route add default via 10.3.0.9 dev eth1 onlink table 1000
`;

/** Of a Service that the node answers itself when its own programs call; nothing listens there yet. */
export const OWN_IP = '10.96.0.40';

export interface ProxyBench {
  readonly client: KubeClient;
  readonly test: TestHost;
  readonly proxy: ServiceProxy;
  /** A Service with a fixed address, and Endpoints of the Pods that answer; `undefined` leaves the Endpoints out. */
  setService(name: string, spec: object, pods: readonly (keyof typeof PODS)[]): Promise<void>;
  /** Resolves when the rules of the node, or of another place, mention, or no longer mention, a text. */
  untilRules(pattern: string, present: boolean, netns?: string): Promise<void>;
  /** Who answered and which source it saw, e.g. `b1 saw 10.1.0.9`; or how curl failed, e.g. `code 7`. */
  get(netns: string, at: string): Promise<string>;
  close(): Promise<void>;
}

export async function startProxyBench(): Promise<ProxyBench> {
  const stack = new AsyncDisposableStack();
  const test = await startTestHost();
  stack.defer(() => test.stop());
  const { host } = test;
  for (const netns of ['node', 'client', 'elsewhere', CALLER.netns, ...Object.keys(PODS)]) await host.addNetns(netns);
  const made = await host.exec(['sh', '-euc', TOPOLOGY], { netns: 'node' });
  if (made.code !== 0) throw new Error(made.stderr);
  for (const [netns, ip] of Object.entries(PODS)) {
    const server = await host.listen(netns, { host: ip, port: 8080 });
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${netns} saw ${socket.remoteAddress ?? ''}`));
    });
    stack.defer(() => void server.close());
  }
  const api = await startTestApi();
  stack.defer(() => api.close());
  const { server, caPem, auth } = api.api.adminConnection();
  const common = { clock: systemClock, logger: silentLogger };
  const connection = { server, caPem, auth: { readToken: () => Promise.resolve(auth.token) } };
  const client = createKubeClient({ connection, ...common });
  stack.defer(() => client.close());
  const proxy = createServiceProxy({
    client,
    host,
    ...common,
    servedAddresses: new Set(['10.96.0.1']),
    nodeAddresses: new Set([OWN_IP]),
  });
  const stop = new AbortController();
  const running = proxy.run(stop.signal);
  stack.defer(async () => {
    stop.abort(new Error('done'));
    await running;
  });
  await proxy.add({ netns: 'node', nodeName: NODE_NAME, nodeIps: [NODE_IP] });

  return {
    client,
    test,
    proxy,
    setService: async (name, spec, pods) => {
      const metadata = { name, namespace: 'default' };
      const where = { namespace: 'default' };
      const service: KubeObject & { spec: object } = { apiVersion: 'v1', kind: 'Service', metadata, spec };
      await client.patch(
        services,
        name,
        { type: 'apply', body: service, force: true },
        { ...where, fieldManager: 't' },
      );
      const { ports = [] } = spec as { ports?: { protocol?: string }[] };
      const addresses = pods.map((pod) => ({ ip: PODS[pod], nodeName: pod === 'b1' ? NODE_NAME : 'n2' }));
      const body = {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata,
        subsets:
          pods.length === 0 ? [] : [{ addresses, ports: [{ port: 8080, protocol: ports[0]?.protocol ?? 'TCP' }] }],
      };
      await client.patch(endpoints, name, { type: 'apply', body, force: true }, { ...where, fieldManager: 't' });
    },
    untilRules: async (pattern, present, netns = 'node') => {
      const script = `until nft list table ip kube-proxy | ${present ? '' : '! '}grep -qE -e "$1"; do :; done`;
      await host.exec(['bash', '-c', script, 'bash', pattern], { netns, timeoutMs: 10_000 });
    },
    get: async (netns, at) => {
      const { code, stdout } = await host.exec(['curl', '--silent', '--max-time', '2', `http://${at}/`], { netns });
      return code === 0 ? stdout : `code ${code}`;
    },
    close: () => stack.disposeAsync(),
  };
}
