// What the eip-attributes annotation asks for, as parameters of AllocateAddresses (spec 004; facts of the cloud API, section 12). Pure.

/** Of spec 004, and of AllocateAddresses: normal lines and the three single-line carriers. */
const internetServiceProviders = ['BGP', 'CMCC', 'CTCC', 'CUCC'] as const;

const DEFAULT_BANDWIDTH = 100;
const DEFAULT_CHARGE_TYPE = 'TRAFFIC_POSTPAID_BY_HOUR';

/** Every charge type with its highest bandwidth in Mbps (facts of the cloud API, section 12). */
const HIGHEST_BANDWIDTH: Readonly<Record<string, number>> = {
  BANDWIDTH_PACKAGE: 2000,
  BANDWIDTH_POSTPAID_BY_HOUR: 100,
  BANDWIDTH_PREPAID_BY_MONTH: 200,
  TRAFFIC_POSTPAID_BY_HOUR: 100,
};

const DOCUMENTED_KEYS: readonly string[] = ['Bandwidth', 'ISP'];

/** Further parameters of AllocateAddresses (opt-in, ADR 0026); how many, whose and which call are not the Pod's to say. */
const FURTHER_KEYS: readonly string[] = [
  'InternetServiceProvider',
  'InternetChargeType',
  'InternetMaxBandwidthOut',
  'AddressChargePrepaid',
  'AddressType',
  'AnycastZone',
  'VipCluster',
  'BandwidthPackageId',
  'DedicatedClusterId',
  'IsDedicatedAddressPool',
  'Egress',
  'AntiDDoSPackageId',
  'IPChargeType',
];

export type AttributesResult =
  | { readonly ok: true; readonly parameters: Readonly<Record<string, unknown>>; readonly bandwidth: number }
  /** Each completes "annotation K=V: ". */
  | { readonly ok: false; readonly problems: readonly string[] };

/** An empty text means the defaults: 100 Mbps, BGP, charged by traffic. `further`: the opt-in of ADR 0026. */
export function readEipAttributes(text: string, further: boolean): AttributesResult {
  const given = decode(text);
  if (given === undefined)
    return {
      ok: false,
      problems: ['it is no JSON object; expected one such as {"Bandwidth":"100","ISP":"BGP"}'],
    };
  const allowed = further ? [...DOCUMENTED_KEYS, ...FURTHER_KEYS] : DOCUMENTED_KEYS;
  const problems = Object.keys(given)
    .filter((key) => !allowed.includes(key))
    .map((key) => unknownKey(key, allowed, further));
  for (const [ours, theirs] of [
    ['Bandwidth', 'InternetMaxBandwidthOut'],
    ['ISP', 'InternetServiceProvider'],
  ] as const)
    if (ours in given && theirs in given) problems.push(`${ours} and ${theirs} mean the same; give one of them`);
  const { Bandwidth, ISP, InternetServiceProvider, InternetMaxBandwidthOut, InternetChargeType, ...others } = given;
  const isp = ISP ?? InternetServiceProvider ?? 'BGP';
  if (!internetServiceProviders.some((known) => known === isp))
    problems.push(`ISP ${JSON.stringify(isp)} is not known; expected one of ${internetServiceProviders.join(', ')}`);
  const chargeType = InternetChargeType ?? DEFAULT_CHARGE_TYPE;
  const highest = typeof chargeType === 'string' ? HIGHEST_BANDWIDTH[chargeType] : undefined;
  if (highest === undefined)
    problems.push(
      `InternetChargeType ${JSON.stringify(chargeType)} is not known; expected one of ${Object.keys(HIGHEST_BANDWIDTH).join(', ')}`,
    );
  const asked = Bandwidth ?? InternetMaxBandwidthOut ?? DEFAULT_BANDWIDTH;
  const bandwidth = wholeNumber(asked);
  const most = highest ?? Math.max(...Object.values(HIGHEST_BANDWIDTH));
  if (bandwidth === undefined || bandwidth < 1 || bandwidth > most)
    problems.push(
      `Bandwidth ${JSON.stringify(asked)} is not possible; expected whole Mbps from 1 to ${most}, as a number or a string`,
    );
  if (problems.length > 0 || bandwidth === undefined) return { ok: false, problems };
  return {
    ok: true,
    bandwidth,
    parameters: {
      InternetServiceProvider: isp,
      InternetChargeType: chargeType,
      InternetMaxBandwidthOut: bandwidth,
      ...others,
    },
  };
}

function decode(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function unknownKey(key: string, allowed: readonly string[], further: boolean): string {
  if (!further && FURTHER_KEYS.includes(key))
    return `key ${key} is allowed only with add-on value vpcCni.eip.allowFurtherAttributes "true"; without it: ${allowed.join(', ')}`;
  return `key ${JSON.stringify(key)} is not known; expected ${allowed.join(', ')}`;
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,6}$/.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}
