// The process of one server under measurement: the simulated cloud with loaded ENIs, or a bare node:http server that answers given bytes.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { startCloud } from '../lab/cloud/cloud.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { BENCH_SUBNET, type SimChild } from './cloud-sim-message.ts';

async function simulator(enis: number, addressesEach: number): Promise<SimChild> {
  const cloud = await startCloud({
    clock: systemClock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
  });
  const { vpcId } = cloud.admin.createVpc({ cidr: '10.0.0.0/8' });
  cloud.admin.createSubnet({ subnetId: BENCH_SUBNET, vpcId, cidr: '10.0.0.0/12', zone: 'ap-guangzhou-3' });
  const ids = cloud.admin.loadEnis({ subnetId: BENCH_SUBNET, count: enis, addressesEach });
  const { port, secretId, secretKey } = cloud;
  return { port, secretId, secretKey, eniId: ids[Math.floor(enis / 2)] ?? '', enis, rss: process.memoryUsage.rss() };
}

/** Answers everything with what was PUT last, and verifies nothing. */
async function bareServer(): Promise<SimChild> {
  let answer = Buffer.alloc(0);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'PUT') answer = Buffer.concat(chunks);
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length });
      response.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, secretId: '', secretKey: '', eniId: '', enis: 0, rss: 0 };
}

process.on('disconnect', () => process.exit(0));
const [kind, enis, addressesEach] = process.argv.slice(2);
process.send?.(await (kind === 'bare' ? bareServer() : simulator(Number(enis), Number(addressesEach))));
