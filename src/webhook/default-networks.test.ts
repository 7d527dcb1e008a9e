// Which network a Pod gets that names none.
import { describe, expect, it } from 'vitest';
import { defaultNetworks } from './default-networks.ts';

const conf = (defaultDelegates: unknown): Record<string, string> => ({
  '00-multus.conf': JSON.stringify({ cniVersion: '0.3.1', name: 'multus-cni', type: 'multus', defaultDelegates }),
});

describe('the default network', () => {
  it.each<[string, string | undefined, Record<string, string> | undefined, readonly string[]]>([
    ['shared ENIs in a cluster without the multus configuration', undefined, undefined, ['tke-route-eni']],
    ['what the multus configuration delegates to', undefined, conf('tke-bridge'), ['tke-bridge']],
    ['each of several delegates', undefined, conf('tke-bridge,tke-route'), ['tke-bridge', 'tke-route']],
    ['exclusive ENIs where the configuration says so', undefined, conf('tke-direct-eni'), ['tke-direct-eni']],
    ['the flag, whatever the configuration says', 'tke-direct-eni', conf('tke-bridge'), ['tke-direct-eni']],
    ['the flag, even where the configuration cannot be read', 'tke-route-eni', {}, ['tke-route-eni']],
  ])('is %s', (_name, flag, data, names) => {
    expect(defaultNetworks(flag, data)).toEqual({ ok: true, names });
  });

  it.each<[string, Record<string, string>]>([
    ['the key is missing', { 'tke-bridge.conf': '{}' }],
    ['the text is no JSON', { '00-multus.conf': '{' }],
    ['the delegates are no text', conf(['tke-bridge'])],
  ])('is not guessed when %s', (_name, data) => {
    expect(defaultNetworks(undefined, data)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(
        /"00-multus\.conf" of ConfigMap kube-system\/tke-cni-agent-conf .*; expected/,
      ) as string,
    });
  });
});
