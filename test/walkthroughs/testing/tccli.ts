// What stands in for tccli in the typed walk-throughs: the documents' lines, unfolded as tccli does, against the lab's cloud.
import { z } from 'zod';
import { createCloudClient } from '../../../lab/cloud-client.ts';
import { pick, readTccliWords } from '../../../lab/tccli-words.ts';

const environment = z.object({
  LAB_CLOUD_ENDPOINT: z.string(),
  TENCENTCLOUD_SECRET_ID: z.string(),
  TENCENTCLOUD_SECRET_KEY: z.string(),
  TENCENTCLOUD_REGION: z.string(),
});

async function main(words: readonly string[]): Promise<void> {
  const { service, action, body, filter } = readTccliWords(words);
  const env = environment.parse(process.env);
  const cloud = createCloudClient({
    endpoint: env.LAB_CLOUD_ENDPOINT,
    secretId: env.TENCENTCLOUD_SECRET_ID,
    secretKey: env.TENCENTCLOUD_SECRET_KEY,
    region: env.TENCENTCLOUD_REGION,
  });
  try {
    const answer = await cloud.call(z.enum(['vpc', 'tke', 'cam', 'cvm']).parse(service), action, body);
    process.stdout.write(`${JSON.stringify(filter === undefined ? answer : pick(answer, filter), null, 4)}\n`);
  } finally {
    cloud.close();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`tccli: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 255;
}
