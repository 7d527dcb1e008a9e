// What annotations ask of an EIP, and what of them is refused with which words.
import { describe, expect, it } from 'vitest';
import { annotations } from '../api/keys.ts';
import { candidatesOf, type EipDemandOptions, ordinalOf, readEipDemand } from './eip-demand.ts';

const marks = (change: Partial<Record<keyof typeof annotations, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(change).map(([key, value]) => [annotations[key as keyof typeof annotations], value]),
  );
const read = (change: Parameters<typeof marks>[0], options?: EipDemandOptions) => readEipDemand(marks(change), options);
const parameters = (text: string, options?: EipDemandOptions) => {
  const result = read({ eipAttributes: text }, options);
  return result.kind === 'demand' && result.demand.source.kind === 'create' ? result.demand.source.parameters : result;
};
const problems = (change: Parameters<typeof marks>[0], options?: EipDemandOptions): readonly string[] => {
  const result = read(change, options);
  return result.kind === 'invalid' ? result.problems : [result.kind];
};
const BGP_100 = {
  InternetServiceProvider: 'BGP',
  InternetChargeType: 'TRAFFIC_POSTPAID_BY_HOUR',
  InternetMaxBandwidthOut: 100,
};
const IDS = 'eip-12ab34cd,eip-56ef78gh';

describe('eip-attributes', () => {
  it.each([
    ['the text of document 004', '{"Bandwidth":"100","ISP":"BGP"}', BGP_100],
    ['nothing', '', BGP_100],
    ['an empty object', '{}', BGP_100],
    ['a number', '{"Bandwidth":7}', { ...BGP_100, InternetMaxBandwidthOut: 7 }],
    ['a carrier', '{"ISP":"CMCC"}', { ...BGP_100, InternetServiceProvider: 'CMCC' }],
  ])('with %s is a purchase charged by traffic', (_what, text, expected) => {
    expect(parameters(text)).toEqual(expected);
  });

  it.each([
    ['{"Bandwidth":', /is no JSON object; expected one such as {"Bandwidth":"100","ISP":"BGP"}/],
    ['[]', /is no JSON object/],
    ['100', /is no JSON object/],
    ['{"ISP":"AT&T"}', /ISP "AT&T" is not known; expected one of BGP, CMCC, CTCC, CUCC/],
    ['{"ISP":"bgp"}', /ISP "bgp" is not known/],
    ['{"Bandwidth":0}', /Bandwidth 0 is not possible; expected whole Mbps from 1 to 100/],
    ['{"Bandwidth":"101"}', /Bandwidth "101" is not possible; expected whole Mbps from 1 to 100/],
    ['{"Bandwidth":1.5}', /Bandwidth 1.5 is not possible/],
    ['{"Bandwidth":"fast"}', /Bandwidth "fast" is not possible/],
    ['{"bandwidth":5}', /key "bandwidth" is not known; expected Bandwidth, ISP/],
    ['{"InternetChargeType":"BANDWIDTH_PACKAGE"}', /only with add-on value vpcCni.eip.allowFurtherAttributes "true"/],
  ])('%s is refused with the annotation, its value and what is right', (text, words) => {
    const [problem = '', ...others] = problems({ eipAttributes: text });
    expect(others).toEqual([]);
    expect(problem).toContain(`annotation ${annotations.eipAttributes}="${text}": `);
    expect(problem).toMatch(words);
  });

  it('takes further parameters of AllocateAddresses where that is opted into, with the limit of their charge type', () => {
    const text =
      '{"InternetMaxBandwidthOut":500,"InternetChargeType":"BANDWIDTH_PACKAGE","BandwidthPackageId":"bwp-12345678"}';
    expect(parameters(text, { furtherAttributes: true })).toEqual({
      InternetServiceProvider: 'BGP',
      InternetChargeType: 'BANDWIDTH_PACKAGE',
      InternetMaxBandwidthOut: 500,
      BandwidthPackageId: 'bwp-12345678',
    });
    for (const key of ['AddressCount', 'Tags', 'ClientToken', 'AddressName'])
      expect(problems({ eipAttributes: `{"${key}":"1"}` }, { furtherAttributes: true })).toHaveLength(1);
    expect(
      problems({ eipAttributes: '{"Bandwidth":1,"InternetMaxBandwidthOut":2}' }, { furtherAttributes: true }),
    ).toEqual([expect.stringMatching(/mean the same; give one of them/) as string]);
  });
});

describe('eip-id-list', () => {
  it('is the ids in their order', () => {
    expect(read({ eipIdList: ' eip-56ef78gh, eip-12ab34cd ' })).toMatchObject({
      demand: { source: { kind: 'designate', eipIds: ['eip-56ef78gh', 'eip-12ab34cd'] } },
    });
  });

  it.each([
    ['', /it is empty; expected a comma list/],
    [' , ', /it is empty/],
    ['eip-12ab34cd,,eip-56ef78gh', /an entry is empty/],
    ['eip-12ab34cd,eip-xxx1', /"eip-xxx1" is not an EIP id; expected a comma list of EIP ids such as/],
    ['eip-12ab34cd,eip-12ab34cd', /"eip-12ab34cd" is there twice/],
  ])('"%s" is refused', (text, words) => {
    expect(problems({ eipIdList: text })).toEqual([expect.stringMatching(words) as string]);
  });

  it('excludes eip-attributes', () => {
    expect(problems({ eipIdList: IDS, eipAttributes: '' })).toEqual([
      expect.stringMatching(/eip-attributes and .*eip-id-list exclude each other/) as string,
    ]);
  });
});

describe('how long an EIP is kept', () => {
  it('is said by the delete policy and the duration', () => {
    expect(read({ eipAttributes: '', eipClaimDeletePolicy: 'Never', claimExpiredDuration: '1h30m' })).toMatchObject({
      demand: { deletePolicy: 'Never', expiredDuration: '1h30m' },
    });
    expect(read({ eipAttributes: '' })).toMatchObject({ demand: { deletePolicy: 'Immediate' } });
  });

  it.each([
    [{ eipClaimDeletePolicy: 'never' }, /="never": expected "Immediate" or "Never"/],
    [{ claimExpiredDuration: '4m59s' }, /="4m59s": "4m59s" is too short; expected at least 5m/],
    [{ claimExpiredDuration: 'soon' }, /"soon" is not a duration/],
  ])('is refused as %j', (change, words) => {
    expect(problems({ eipAttributes: '', ...change })).toEqual([expect.stringMatching(words) as string]);
  });
});

describe('the keys of super nodes', () => {
  it('are read there alone, and the keys without prefix win', () => {
    expect(read({ eksEipAttributes: '' }).kind).toBe('none');
    expect(read({ eksEipAttributes: '{"Bandwidth":5}' }, { superNode: true })).toMatchObject({
      demand: { source: { bandwidth: 5 } },
    });
    expect(
      read({ eksEipAttributes: '{"Bandwidth":5}', eipAttributes: '{"Bandwidth":6}' }, { superNode: true }),
    ).toMatchObject({ demand: { source: { bandwidth: 6 } } });
    expect(read({ eksEipIdList: IDS, eksEipClaimDeletePolicy: 'Never' }, { superNode: true })).toMatchObject({
      demand: { deletePolicy: 'Never', source: { kind: 'designate' } },
    });
  });
});

describe('the ordinal of a Pod', () => {
  it.each([
    ['busybox-0', 'StatefulSet', 0],
    ['busybox-12', 'StatefulSet', 12],
    ['by-hand-3', undefined, 3],
    ['busybox', 'StatefulSet', undefined],
    ['busybox-7d4f5-24567', 'ReplicaSet', undefined],
    ['agent-24567', 'DaemonSet', undefined],
  ])('%s of a %s is %s', (name, kind, expected) => {
    expect(ordinalOf(name, kind)).toBe(expected);
  });

  it('chooses its EIP; one beyond the list is told with the number of ids', () => {
    expect(candidatesOf(IDS.split(','), 1)).toEqual({ ok: true, eipIds: ['eip-56ef78gh'] });
    expect(candidatesOf(IDS.split(','), undefined)).toEqual({ ok: true, eipIds: IDS.split(',') });
    expect(candidatesOf(IDS.split(','), 2)).toEqual({
      ok: false,
      problem: expect.stringMatching(/names 2 EIPs \(eip-12ab34cd, eip-56ef78gh\).*ordinal 2 needs number 3/) as string,
    });
  });
});
