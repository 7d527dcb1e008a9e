// Signed calls to the lab's cloud through the official SDK, as any user of the account would make them.
import { Agent } from 'node:http';

import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { z } from 'zod';

export interface CloudAccess {
  readonly endpoint: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly region: string;
}

const versions = { vpc: '2017-03-12', cvm: '2017-03-12', tke: '2018-05-25', cam: '2019-01-16' } as const;

export interface CloudClient {
  /** The `Response` of one action. Throws the SDK's error (with `.code`) when the service refuses. */
  call(service: keyof typeof versions, action: string, body?: object): Promise<Record<string, unknown>>;
  close(): void;
}

export function createCloudClient(access: CloudAccess): CloudClient {
  const agent = new Agent({ keepAlive: true });
  const clients = new Map<string, CommonClient>();
  const clientFor = (service: keyof typeof versions): CommonClient => {
    const known = clients.get(service);
    if (known !== undefined) return known;
    const made = new CommonClient(`${service}.tencentcloudapi.com`, versions[service], {
      credential: { secretId: access.secretId, secretKey: access.secretKey },
      region: access.region,
      profile: {
        httpProfile: { endpoint: access.endpoint.replace('http://', ''), protocol: 'http://', reqTimeout: 10, agent },
      },
    });
    clients.set(service, made);
    return made;
  };
  return {
    call: async (service, action, body = {}) =>
      z.record(z.string(), z.unknown()).parse(await clientFor(service).request(action, body)),
    close: () => agent.destroy(),
  };
}

const eniAnswer = z.object({
  NetworkInterfaceSet: z.array(
    z.object({ NetworkInterfaceId: z.string(), GroupSet: z.array(z.string()), EniType: z.number() }),
  ),
  TotalCount: z.number(),
});

export interface SubEniView {
  readonly eniId: string;
  readonly groups: readonly string[];
}

/** All sub-ENIs of the account, as the API lists them. */
export async function listSubEnis(cloud: CloudClient): Promise<SubEniView[]> {
  const found: SubEniView[] = [];
  for (;;) {
    const page = eniAnswer.parse(
      await cloud.call('vpc', 'DescribeNetworkInterfaces', {
        Filters: [{ Name: 'eni-type', Values: ['2'] }],
        Offset: found.length,
        Limit: 100,
      }),
    );
    found.push(...page.NetworkInterfaceSet.map((eni) => ({ eniId: eni.NetworkInterfaceId, groups: eni.GroupSet })));
    if (found.length >= page.TotalCount || page.NetworkInterfaceSet.length === 0) return found;
  }
}
