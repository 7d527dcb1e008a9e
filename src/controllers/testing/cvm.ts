// For tests: what a person does to an instance in the cloud's console, by signed calls.
import { createWireClient } from '../../../lab/cloud/testing/wire-client.ts';
import type { World } from './world.ts';

export interface CvmConsole {
  /** Resolves when the call was accepted; the instance runs when its task has ended. Throws when it was not. */
  start(instanceId: string): Promise<void>;
}

export function cvmClient({ cloud }: Pick<World, 'cloud'>): CvmConsole {
  return {
    start: async (instanceId) => {
      const { host } = new URL(cloud.endpoint);
      const client = createWireClient({ ...cloud, endpoint: host }, () => new Date());
      const { code, text } = await client.call('cvm', 'StartInstances', { InstanceIds: [instanceId] });
      client.close();
      if (code !== 'none') throw new Error(`StartInstances: ${text}`);
    },
  };
}
