// Where the keys of the cloud come from.
import { describe, expect, it } from 'vitest';

import { cloudKeys, cloudTarget } from './cloud-access.ts';
import { fakeWorld } from './testing/world.ts';

const profile = {
  '/home/me/.tccli/default.credential': '{"secretId":"i","secretKey":"k"}',
  '/home/me/.tccli/default.configure': '{"_sys_param":{"region":"ap-tokyo"},"vpc":{"endpoint":"http://127.0.0.1:9"}}',
};

describe('keys', () => {
  it('come from the environment before a profile of tccli', async () => {
    const env = { TENCENTCLOUD_SECRET_ID: 'a', TENCENTCLOUD_SECRET_KEY: 'b', TENCENTCLOUD_TOKEN: 'c' };
    const keys = await cloudKeys(fakeWorld({ env, files: profile }), {});
    expect('credentials' in keys && (await keys.credentials.get())).toEqual({
      secretId: 'a',
      secretKey: 'b',
      token: 'c',
    });
  });

  it('come from a profile of tccli otherwise', async () => {
    expect(await cloudKeys(fakeWorld({ files: profile }), {})).toMatchObject({ from: 'profile default of tccli' });
  });

  it('come from a folder that is named before both', async () => {
    const files = { '/keys/secretId': 'x\n', '/keys/secretKey': 'y\n' };
    const keys = await cloudKeys(fakeWorld({ files }), { credentialsDir: '/keys' });
    expect('credentials' in keys && (await keys.credentials.get())).toEqual({ secretId: 'x', secretKey: 'y' });
  });

  it('are told to be missing with what to set', async () => {
    expect(await cloudKeys(fakeWorld(), {})).toEqual({ reason: expect.stringContaining('TENCENTCLOUD_SECRET_ID') });
  });

  it('are not looked for with --no-cloud', async () => {
    expect(await cloudKeys(fakeWorld({ files: profile }), { none: true })).toEqual({
      reason: 'the cloud is not asked (--no-cloud)',
    });
  });
});

describe('region and endpoint', () => {
  it('come from options, then the environment, then the profile', async () => {
    const world = fakeWorld({ env: { TENCENTCLOUD_REGION: 'ap-seoul' }, files: profile });
    expect(await cloudTarget(world, { region: 'ap-bangkok' })).toMatchObject({ region: 'ap-bangkok' });
    expect(await cloudTarget(world, {})).toEqual({ region: 'ap-seoul', endpoint: 'http://127.0.0.1:9' });
    expect(await cloudTarget(fakeWorld({ files: profile }), {})).toMatchObject({ region: 'ap-tokyo' });
    expect(await cloudTarget(fakeWorld(), {})).toEqual({ region: undefined, endpoint: undefined });
  });

  it('refuse an endpoint that is no URL', async () => {
    const world = fakeWorld({ env: { TRUNKLINE_CLOUD_ENDPOINT: 'localhost' } });
    await expect(cloudTarget(world, {})).rejects.toThrow('--cloud-endpoint=localhost: expected a base URL');
  });
});
