// Words of a Pod about its public address, at admission.
import { describe, expect, it } from 'vitest';
import { annotations as keys } from '../api/keys.ts';
import { decide } from './decide.ts';
import { admitted, input, pod } from './testing/decide-input.ts';

const ids = (annotation: string, metadata: Record<string, unknown> = {}) =>
  input({ policies: [], pod: pod({ annotations: { [keys.eipIdList]: annotation }, metadata }) });
const attributes = (text: string, parts: Record<string, unknown> = {}) =>
  input({ policies: [], pod: pod({ annotations: { [keys.eipAttributes]: text } }), ...parts });

describe('a Pod whose EIP annotation nobody could act on', () => {
  it.each([
    ['malformed JSON', attributes('{"Bandwidth":'), /eip-attributes="{"Bandwidth":": it is no JSON object/],
    ['an unknown line', attributes('{"ISP":"ATT"}'), /expected one of BGP, CMCC, CTCC, CUCC/],
    ['no bandwidth', attributes('{"Bandwidth":"0"}'), /whole Mbps from 1 to 100/],
    ['too much bandwidth', attributes('{"Bandwidth":101}'), /whole Mbps from 1 to 100/],
    ['a key that nobody allowed', attributes('{"BandwidthPackageId":"bwp-1"}'), /allowFurtherAttributes/],
    ['an empty list', ids(' '), /eip-id-list=" ": it is empty/],
    ['what is no id', ids('eip-12ab34cd,203.0.113.5'), /"203.0.113.5" is not an EIP id/],
  ])('is refused for %s, and told what would be right', (_name, wrong, words) => {
    const decision = decide(wrong);
    expect(decision.kind === 'refuse' ? decision.message : 'admitted').toMatch(words);
  });

  it('is admitted where super nodes alone would act on it, since theirs read more', () => {
    const spec = { nodeSelector: { 'node.kubernetes.io/instance-type': 'eklet' } };
    const pinned = pod({ annotations: { [keys.eipAttributes]: '{"InternetMaxBandwidthOut":50}' }, spec });
    expect(admitted(decide(input({ policies: [], pod: pinned }))).warnings).toEqual([]);
  });
});

describe('further attributes', () => {
  it('are taken where the add-on value allows them', () => {
    const text = '{"Bandwidth":"100","InternetChargeType":"BANDWIDTH_POSTPAID_BY_HOUR"}';
    expect(decide(attributes(text)).kind).toBe('refuse');
    expect(decide(attributes(text, { furtherEipAttributes: true })).kind).toBe('admit');
  });
});

describe('several EIPs', () => {
  const two = 'eip-12ab34cd,eip-56ef78gh';
  const owned = (kind: string) => ({ ownerReferences: [{ kind, name: 'web', controller: true }] });
  it.each([
    ['for a Pod of a Deployment are warned', ids(two, { name: '', generateName: 'web-', ...owned('ReplicaSet') }), 1],
    ['for a lone Pod without a number are warned', ids(two, { name: 'web' }), 1],
    ['for a Pod of a StatefulSet are not', ids(two, owned('StatefulSet')), 0],
    ['for a lone Pod with a number are not', ids(two, { name: 'web-0' }), 0],
  ])('%s', (_name, asking, warnings) => {
    expect(admitted(decide(asking)).warnings).toHaveLength(warnings);
  });
  it('need no ordinal when there is one', () => {
    expect(admitted(decide(ids('eip-12ab34cd', { name: 'web' }))).warnings).toEqual([]);
  });
});

it("a public address that a manifest brings, copied from a running Pod, is nobody's yet and goes", () => {
  const copied = pod({ annotations: { [keys.eipAttributes]: '', [keys.eipPublicIp]: '203.0.113.5' } });
  expect(admitted(decide(input({ policies: [], pod: copied })))).toMatchObject({
    annotations: { [keys.eipPublicIp]: null },
    warnings: [],
  });
});
