// A program for tests: what an ordinary user gets from the lab host, printed as one JSON line.
import { once } from 'node:events';
import { startLabHost } from '../lab-host.ts';
import { silentLogger } from '../../../src/base/logger.ts';

const [projectDir = '', stateDir = ''] = process.argv.slice(2);
const host = await startLabHost({ logger: silentLogger, projectDir, stateDir });
await host.addNetns('a');
const root = await host.makeRoot({ name: 'node', binds: [] });
await host.addNetns('b');
const inside = await host.exec(
  ['sh', '-c', 'echo private >/etc/trunkline-test && cat /etc/trunkline-test && ls /run/netns && ip link set lo up'],
  { netns: 'a', root },
);
// A file that the machine's root owns.
await host.writeFile(root, '/etc/hosts', '127.0.0.1 ours\n');
const hosts = await host.readFile(root, '/etc/hosts');
const link = await host.exec(['ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1', 'netns', 'b'], {
  netns: 'a',
});
const nft = await host.exec(['nft', '-f', '-'], { netns: 'a', stdin: 'table ip t {\n}\n' });
const server = await host.listen('a', { host: '127.0.0.1', port: 80 });
const client = host.exec(['curl', '--silent', '--max-time', '5', 'http://127.0.0.1/'], { netns: 'a' });
const [socket] = await once(server, 'connection');
socket.end('HTTP/1.0 200 OK\r\n\r\nserved by the lab');
const served = (await client).stdout;
const { mode } = host;
await host.close();
process.stdout.write(
  `${JSON.stringify({ mode, inside: inside.stdout, link: link.code, nft: nft.code, served, hosts })}\n`,
);
