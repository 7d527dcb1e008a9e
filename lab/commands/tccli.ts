// `lab tccli`: a line of tccli against the running lab's cloud, for machines without tccli.
import { z } from 'zod';
import { errorText } from '../../src/base/errors.ts';
import { createCloudClient } from '../cloud-client.ts';
import { readState } from '../state-file.ts';
import { pick, readTccliWords, type TccliCall } from '../tccli-words.ts';
import type { CommandContext } from './context.ts';

const serviceSchema = z.enum(['vpc', 'cvm', 'tke', 'cam'], { error: 'expected vpc, cvm, tke or cam' });
const refusal = z.object({ code: z.string(), message: z.string() });

/** Exit code 0 with the answer, 255 when the service refuses it (as tccli), 2 for words that mean nothing, 1 without a lab. */
export async function tccli({ out, err, ...id }: CommandContext, words: readonly string[]): Promise<number> {
  const state = await readState(id);
  if (state === undefined) {
    err.write('lab: no lab is running; start one with: npm start\n');
    return 1;
  }
  const read = understood(words);
  if ('problem' in read) {
    err.write(`lab: tccli: ${read.problem}\n`);
    return 2;
  }
  const cloud = createCloudClient(state.cloud);
  try {
    const answer = await cloud.call(read.service, read.call.action, read.call.body);
    const { filter } = read.call;
    out.write(`${JSON.stringify(filter === undefined ? answer : pick(answer, filter), null, 4)}\n`);
    return 0;
  } catch (error) {
    const { data } = refusal.safeParse(error);
    err.write(`lab: tccli: ${data === undefined ? errorText(error) : `${data.code}: ${data.message}`}\n`);
    return 255;
  } finally {
    cloud.close();
  }
}

type Understood =
  | { readonly call: TccliCall; readonly service: z.output<typeof serviceSchema> }
  | { readonly problem: string };

function understood(words: readonly string[]): Understood {
  try {
    const call = readTccliWords(words);
    const service = serviceSchema.safeParse(call.service);
    return service.success
      ? { call, service: service.data }
      : { problem: `"${call.service}" is no service of the lab's cloud; expected vpc, cvm, tke or cam` };
  } catch (error) {
    return { problem: errorText(error) };
  }
}
