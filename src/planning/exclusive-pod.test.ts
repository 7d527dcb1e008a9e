import { describe, expect, it } from 'vitest';
import { annotations, resourceNames } from '../api/keys.ts';
import { type ExclusivePodFacts, requestsExclusiveEni, usesExclusiveEni } from './exclusive-pod.ts';
import { usesSharedAddress } from './shared-pod.ts';

const pod = (networks: string | undefined, change: Partial<ExclusivePodFacts> = {}): ExclusivePodFacts => ({
  hostNetwork: false,
  ended: false,
  requestsExclusive: false,
  annotations: networks === undefined ? {} : { [annotations.networks]: networks },
  ...change,
});
const asked = { requestsExclusive: true };

describe('usesExclusiveEni', () => {
  it.each([
    ['tke-direct-eni', pod('tke-direct-eni'), true],
    ['tke-direct-eni with an interface, among others', pod('tke-bridge, tke-direct-eni@eth1'), true],
    ['before tke-route-eni', pod('tke-route-eni,tke-direct-eni'), true],
    ['a JSON list', pod('[{"name":"tke-direct-eni"}]'), true],
    ['the default network, by what admission counted', pod(undefined, asked), true],
    ['an empty annotation, by what admission counted', pod(' ', asked), true],
    ['another network, whatever it counts against', pod('tke-route-eni', asked), false],
    ['a sub-ENI before it', pod('tke-sub-eni,tke-direct-eni'), false],
    ['no annotation and nothing counted', pod(undefined), false],
    ['the host network', pod('tke-direct-eni', { hostNetwork: true }), false],
    ['a finished Pod', pod('tke-direct-eni', { ended: true }), false],
  ])('%s', (_, facts, uses) => {
    expect(usesExclusiveEni(facts)).toBe(uses);
    // Never both: such a Pod would look served with an address that it did not ask for.
    if (uses) expect(usesSharedAddress(facts)).toBe(false);
  });
});

describe('requestsExclusiveEni', () => {
  const spec = (resources: object) => ({ spec: { containers: [{ name: 'a' }, { name: 'b', resources }] } });
  it.each([
    ['a limit', spec({ limits: { [resourceNames.directEni]: '1' } }), true],
    ['a request', spec({ requests: { [resourceNames.directEni]: '1' } }), true],
    ['none of it', spec({ limits: { [resourceNames.directEni]: '0', cpu: '1' } }), false],
    ['another resource', spec({ limits: { [resourceNames.eniIp]: '1' } }), false],
  ])('%s', (_, each, requests) => {
    expect(requestsExclusiveEni(each)).toBe(requests);
  });
});
