import { describe, expect, it } from 'vitest';
import { annotations } from '../api/keys.ts';
import { usesSharedAddress } from './shared-pod.ts';

const pod = (networks?: string, change: { hostNetwork?: boolean; ended?: boolean } = {}) => ({
  hostNetwork: false,
  ended: false,
  annotations: networks === undefined ? {} : { [annotations.networks]: networks },
  ...change,
});

describe('usesSharedAddress', () => {
  it.each([
    ['no annotation: the default network', pod(), true],
    ['an empty annotation', pod(''), true],
    ['tke-route-eni', pod('tke-route-eni'), true],
    ['tke-route-eni with an interface', pod('tke-route-eni@eth0'), true],
    ['among others', pod('tke-bridge, tke-route-eni'), true],
    ['a JSON list', pod('[{"name": "tke-route-eni", "interface": "eth0"}]'), true],
    ['tke-sub-eni', pod('tke-sub-eni'), false],
    ['tke-direct-eni', pod('tke-direct-eni'), false],
    ['tke-bridge', pod('tke-bridge'), false],
    ['a JSON list of another', pod('[{"name":"tke-direct-eni"}]'), false],
    ['the host network', pod(undefined, { hostNetwork: true }), false],
    ['a finished Pod', pod(undefined, { ended: true }), false],
  ])('%s', (_, facts, uses) => {
    expect(usesSharedAddress(facts)).toBe(uses);
  });
});
