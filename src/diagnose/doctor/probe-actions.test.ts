// The trials of CAM cover what the add-on calls, and read each refusal rightly.
import { expect, it } from 'vitest';

import { CloudError, cloudErrors } from '../../cloud/errors.ts';
import type { VpcCloud } from '../../cloud/vpc-cloud.ts';
import { probeActions, trials } from './probe-actions.ts';

/** Every method fails alike and remembers that it was called. */
function cloudThat(fails: (method: string) => Error | undefined): {
  readonly cloud: VpcCloud;
  readonly called: Set<string>;
} {
  const called = new Set<string>();
  const cloud = new Proxy({} as VpcCloud, {
    get: (_, method: string) => () => {
      called.add(method);
      const error = fails(method);
      return error === undefined ? Promise.resolve([]) : Promise.reject(error);
    },
  });
  return { cloud, called };
}

const refusal = (entry: (typeof cloudErrors)[keyof typeof cloudErrors]) => (): Error =>
  new CloudError(entry, 'said', { action: 'x' });

it.each([
  ['denied', cloudErrors.unauthorized],
  ['not-offered', cloudErrors.unknownAction],
  ['unknown', cloudErrors.network],
  ['unknown', cloudErrors.credentials],
  ['allowed', cloudErrors.notFound],
  ['allowed', cloudErrors.invalidRequest],
] as const)('is %s when the cloud answers %o', async (answer, entry) => {
  const { cloud } = cloudThat(refusal(entry));
  for (const probe of await probeActions(cloud)) expect(probe).toMatchObject({ answer, detail: 'said' });
});

it('asks each action once, by its CAM name, and one method for each', async () => {
  const { cloud, called } = cloudThat(() => undefined);
  const probes = await probeActions(cloud);
  expect(new Set(probes.map(({ action }) => action)).size).toBe(trials.length);
  expect(called.size).toBe(trials.length);
  for (const { action } of probes) expect(action).toMatch(/^(vpc|cvm|cam):[A-Z]/);
});

it('stops when it is told to', async () => {
  const { cloud, called } = cloudThat(() => undefined);
  await expect(probeActions(cloud, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  expect(called.size).toBe(0);
});
