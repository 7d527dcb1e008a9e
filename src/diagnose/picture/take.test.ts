// What becomes of a picture when part of the cluster or of the cloud does not answer.
import { describe, expect, it } from 'vitest';
import { CloudError, cloudErrors } from '../../cloud/errors.ts';
import { ApiError } from '../../kube/api-error.ts';
import type { KubeClient, KubeObject, Resource } from '../../kube/types.ts';
import { createFakeClock } from '../../../test/fake-clock.ts';
import type { CloudReader } from './cloud-reader.ts';
import { gapOf } from './picture.ts';
import { takePicture } from './take.ts';

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: '10.0.1.2' },
  status: { addresses: [{ type: 'InternalIP', address: '10.0.1.2' }] },
};

function clientWith(answers: Readonly<Record<string, readonly KubeObject[] | ApiError>>): KubeClient {
  const list = (resource: Resource): Promise<unknown> => {
    const answer = answers[resource.plural] ?? [];
    return answer instanceof ApiError
      ? Promise.reject(answer)
      : Promise.resolve({ items: answer, resourceVersion: '1' });
  };
  return { list, request: () => Promise.resolve({ gitVersion: 'v1.30.0' }) } as unknown as KubeClient;
}

function readerWith(change: Partial<CloudReader> = {}): CloudReader {
  const none = () => Promise.resolve([]);
  return {
    describeInstances: () => Promise.resolve([instance('vpc-1', '10.0.1.2'), instance('vpc-2', '10.9.9.9')]),
    describeSubnets: none,
    describeEnis: () => Promise.resolve([{ eniId: 'eni-1', subnetId: 's', addresses: [], securityGroups: ['sg-1'] }]),
    describeSecurityGroups: () => Promise.resolve([{ securityGroupId: 'sg-1', name: 'web' }]),
    describeSecurityGroupPolicies: () => Promise.resolve({ Ingress: [], Egress: [] }),
    describeEniLimits: none,
    vpcCidrs: () => Promise.resolve(['10.0.0.0/16']),
    routeTables: none,
    natGateways: none,
    eips: none,
    addressTemplates: () => Promise.resolve({ templates: [], groups: [] }),
    serviceTemplates: () => Promise.resolve({ templates: [], groups: [] }),
    close: () => undefined,
    ...change,
  } as unknown as CloudReader;
}

const instance = (vpcId: string, ip: string): object => ({ instanceId: `ins-${ip}`, vpcId, privateIps: [ip] });
const take = (answers: Parameters<typeof clientWith>[0], cloud?: CloudReader, onProgress?: (text: string) => void) =>
  takePicture({ client: clientWith(answers), cloud, clock: createFakeClock(), onProgress });
const refused = (status: number, reason: string): ApiError =>
  new ApiError({ status, reason, message: `GET x: ${reason}` });

describe('a picture of a cluster', () => {
  it('ends with the reason of the signal, and no list is rejected unheard', async () => {
    const controller = new AbortController();
    const reason = new Error('Ctrl-C');
    const list = (): Promise<never> => {
      controller.abort(reason);
      return Promise.reject(new Error('the call was ended'));
    };
    const client = { list, request: () => Promise.resolve({}) } as unknown as KubeClient;
    const unheard: unknown[] = [];
    const hear = (error: unknown): void => void unheard.push(error);
    process.on('unhandledRejection', hear);
    try {
      await expect(takePicture({ client, clock: createFakeClock(), signal: controller.signal })).rejects.toBe(reason);
      await new Promise(setImmediate);
    } finally {
      process.off('unhandledRejection', hear);
    }
    expect(unheard).toEqual([]);
  });

  it('without our kinds says that the add-on is not installed, and goes on', async () => {
    const picture = await take({ nodes: [NODE], vpcenis: refused(404, 'NotFound') }, readerWith());
    expect(gapOf(picture, 'vpcenis')).toContain('this cluster has no kind VpcENI');
    expect(picture.kube.nodes).toHaveLength(1);
    expect(picture.cloud?.vpcId).toBe('vpc-1');
  });

  it('of which a part may not be read names it with the server’s reason', async () => {
    const picture = await take({ nodes: [NODE], services: refused(403, 'Forbidden') }, readerWith());
    expect(gapOf(picture, 'services')).toContain('Forbidden');
    expect(picture.kube.services).toEqual([]);
  });

  it('tells what it has read', async () => {
    const told: string[] = [];
    await take({ nodes: [NODE] }, readerWith(), (text) => told.push(text));
    expect(told.some((text) => /of \d+: nodes \(1\)/.test(text))).toBe(true);
    expect(told.at(-1)).toBe('cloud: rules of 1 groups');
  });
});

describe('a picture of the cloud', () => {
  it('is absent without keys, with the reason', async () => {
    const picture = await take({ nodes: [NODE] });
    expect([picture.cloud, gapOf(picture, 'cloud')]).toEqual([undefined, expect.stringContaining('no credentials')]);
  });

  it('is absent where the keys may not look, and says which action is missing', async () => {
    const denied = new CloudError(cloudErrors.unauthorized, 'DescribeInstances was refused', {
      action: 'DescribeInstances',
    });
    const picture = await take({ nodes: [NODE] }, readerWith({ describeInstances: () => Promise.reject(denied) }));
    expect(picture.cloud).toBeUndefined();
    expect(gapOf(picture, 'cloud')).toContain('DescribeInstances was refused (CLOUD-UNAUTHORIZED');
  });

  it('is absent where no node is a machine of the account and region', async () => {
    const elsewhere = { describeInstances: () => Promise.resolve([]) };
    expect(gapOf(await take({ nodes: [NODE] }, readerWith(elsewhere)), 'cloud')).toContain('give the region');
  });

  it('leaves a group out that does not exist, and keeps apart one that may not be read', async () => {
    const answer = (code: typeof cloudErrors.notFound | typeof cloudErrors.unauthorized) =>
      take(
        { nodes: [NODE] },
        readerWith({
          describeSecurityGroupPolicies: () => Promise.reject(new CloudError(code, 'no', { action: 'x' })),
        }),
      );
    const gone = await answer(cloudErrors.notFound);
    expect([gone.cloud?.groups.has('sg-1'), gapOf(gone, 'group sg-1')]).toEqual([false, undefined]);
    expect(gapOf(await answer(cloudErrors.unauthorized), 'group sg-1')).toContain('CLOUD-UNAUTHORIZED');
  });

  it('reads rules with templates as what they stand for', async () => {
    const rule = {
      AddressTemplate: { AddressId: '', AddressGroupId: 'ipmg-1' },
      Protocol: 'TCP',
      Port: '80',
      Action: 'ACCEPT',
    };
    const picture = await take(
      { nodes: [NODE] },
      readerWith({
        describeSecurityGroupPolicies: () => Promise.resolve({ Ingress: [rule], Egress: [] }),
        addressTemplates: () =>
          Promise.resolve({
            templates: [{ id: 'ipm-1', values: ['10.0.0.1'] }],
            groups: [{ id: 'ipmg-1', values: ['ipm-1'] }],
          }),
      }),
    );
    const rules = picture.cloud?.groups.get('sg-1')?.rules;
    expect(rules?.ok === true ? rules.value.ingress.map(({ peer }) => peer) : rules).toMatchObject([
      { kind: 'cidr', text: '10.0.0.1' },
    ]);
  });
});
