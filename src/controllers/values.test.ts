// The add-on values at start and while ipamd runs: bad ones refused by name, `paused` at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectNames } from '../api/keys.ts';
import { TrunklineError } from '../base/errors.ts';
import { configMaps } from '../kube/resources.ts';
import { decodeValues } from './addon/values/decode.ts';
import { ipamdErrors } from './errors.ts';
import type { Ipamd } from './testing/ipamd.ts';
import { disposableWorld, isReady, startWorld, type World } from './testing/world.ts';

const KEY = 'vpcCni.trunkingEni.enableSubEni';

describe('add-on values at start', () => {
  it('end ipamd with one line that names key and value when one is wrong', async () => {
    await using world = await disposableWorld({ values: { [KEY]: 'yes' } });
    const error = await world.ipamd().ended;
    expect(error).toBeInstanceOf(TrunklineError);
    expect(error).toMatchObject({
      code: ipamdErrors.valuesInvalid.code,
      message: expect.stringContaining(`${KEY}: "yes"`),
    });
    expect(String(error)).not.toContain('\n');
    expect(world.cloud.requestLog()).toEqual([]);
  });

  it('end ipamd when the ConfigMap is absent', async () => {
    await using world = await disposableWorld();
    await world.client.delete(configMaps, objectNames.addonValues, { namespace: objectNames.systemNamespace });
    expect(await world.ipamd().ended).toMatchObject({
      code: ipamdErrors.valuesInvalid.code,
      message: expect.stringContaining('kube-system/tke-eni-ipamd does not exist'),
    });
  });

  it('refuse the placeholders of the manifest, although one of them looks like an id', () => {
    expect(decodeValues({ vpcId: 'vpc-changeme', region: 'ap-guangzhou' })).toEqual({
      ok: false,
      problems: [expect.stringContaining('vpcId: "vpc-changeme"')],
    });
  });
});

describe('add-on values while ipamd runs', () => {
  let world: World;
  let ipamd: Ipamd;
  beforeAll(async () => {
    world = await startWorld();
    ipamd = world.ipamd();
    await world.nodesReady();
  });
  afterAll(() => world.close());

  /** Sets values and asks ipamd until it has read them. */
  const setValues = async (values: Readonly<Record<string, string>> & { readonly paused: string }): Promise<void> => {
    await world.setValues(values);
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${ipamd.ports.get('health')}/health`);
      if (((await answer.json()) as { paused: string }).paused === values.paused) return;
    }
  };

  const conditionOf = (name: string, reason: string) =>
    world.subEniObjects(
      (enis) =>
        enis.some(
          (eni) => eni.spec.pod?.name === name && eni.status?.conditions?.some((each) => each.reason === reason),
        ),
      `${name} told ${reason}`,
    );

  it('keep the last good ones when a bad one arrives, and name it in an event', async () => {
    await world.setValues({ [KEY]: 'perhaps' });
    await world.createPod('web');
    await world.subEniObjects((enis) => enis.some(isReady), 'a sub-ENI all the same');
    expect((await world.events(ipamdErrors.valuesInvalid.eventReason))[0]?.message).toContain(`${KEY}: "perhaps"`);
    await world.setValues({});
  });

  it('hold back creations while paused is all, and let them go at once when it is none', async () => {
    await setValues({ paused: 'all' });
    await world.createPod('held');
    const before = world.calls('CreateSubNetworkInterface');
    await conditionOf('held', 'Paused');
    expect(world.calls('CreateSubNetworkInterface')).toBe(before);
    await world.setValues({});
    await world.subEniObjects((enis) => enis.length === 2 && enis.every(isReady), 'both ready');
  });

  it('hold back deletions while paused is deletes, but not creations', async () => {
    await setValues({ paused: 'deletes' });
    await world.deletePod('held');
    await conditionOf('held', 'Paused');
    await world.createPod('new');
    await world.subEniObjects((enis) => enis.some((eni) => eni.spec.pod?.name === 'new' && isReady(eni)), 'new ready');
    expect(world.calls('DeleteSubNetworkInterface')).toBe(0);
    await world.setValues({});
    await world.subEniObjects((enis) => !enis.some((eni) => eni.spec.pod?.name === 'held'), 'held gone');
  });

  it('give the routing mode to Pods created from then on', async () => {
    await setValues({ 'vpcCni.trunkingEni.podSecurityGroupEnforcingMode': 'strict', paused: 'deletes' });
    await world.createPod('strict');
    const enis = await world.subEniObjects((all) => all.some((eni) => eni.spec.pod?.name === 'strict'), 'strict');
    const modeOf = (name: string) => enis.find((eni) => eni.spec.pod?.name === name)?.spec.enforcingMode;
    expect([modeOf('web'), modeOf('strict')]).toEqual(['standard', 'strict']);
  });
});
