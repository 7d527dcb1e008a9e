// Everything of an account that may carry tags, by the six-part names of the tag service (facts, section 15: Resource name).
import type { CloudCore } from '../core.ts';
import type { TagRecord } from '../state.ts';

export interface Taggable {
  /** `qcs::SERVICE:REGION:uin/UIN:PREFIX/ID`. */
  readonly resource: string;
  readonly service: string;
  readonly prefix: string;
  readonly id: string;
  readonly tags: readonly TagRecord[];
  setTags(tags: readonly TagRecord[]): void;
}

interface Kind {
  readonly service: string;
  readonly prefix: string;
  readonly records: (core: CloudCore) => ReadonlyMap<string, { tags: readonly TagRecord[] }>;
}

/** ENI, EIP and security group: facts, section 15; GUESS: the others, after the names that CAM uses for them. */
const KINDS: readonly Kind[] = [
  { service: 'vpc', prefix: 'eni', records: ({ state }) => state.enis },
  { service: 'vpc', prefix: 'eip', records: ({ state }) => state.eipBook.eips },
  { service: 'cvm', prefix: 'sg', records: ({ state }) => state.securityGroups },
  { service: 'vpc', prefix: 'vpc', records: ({ state }) => state.vpcs },
  { service: 'vpc', prefix: 'subnet', records: ({ state }) => state.subnets },
  { service: 'vpc', prefix: 'rtb', records: ({ state }) => state.routeBook.tables },
  { service: 'vpc', prefix: 'nat', records: ({ state }) => state.routeBook.nats },
  { service: 'cvm', prefix: 'instance', records: ({ state }) => state.instances },
  { service: 'ccs', prefix: 'cluster', records: ({ state }) => state.clusters },
];

export interface ResourceName {
  readonly service: string;
  readonly region: string;
  readonly uin: string;
  readonly prefix: string;
  readonly id: string;
}

/** Undefined for a text that is no six-part name of one resource. */
export function parseResource(text: string): ResourceName | undefined {
  const match = /^qcs::([a-z]+):([a-z0-9-]*):(?:uin\/(\d*))?:([A-Za-z]+)\/([\w-]+)$/.exec(text);
  if (match === null) return undefined;
  const [, service = '', region = '', uin = '', prefix = '', id = ''] = match;
  return { service, region, uin, prefix, id };
}

/** The resource of a name; undefined when the account has none such. Empty region and account mean the caller's own. */
export function findTaggable(core: CloudCore, uin: string, name: ResourceName): Taggable | undefined {
  const kind = KINDS.find(({ service, prefix }) => service === name.service && prefix === name.prefix);
  const record = kind?.records(core).get(name.id);
  if (kind === undefined || record === undefined) return undefined;
  if ((name.region || core.region) !== core.region || (name.uin || uin) !== uin) return undefined;
  return taggable(core, uin, kind, name.id, record);
}

/** Whether the tag service knows resources of this service and prefix at all. */
export const isTaggableKind = (service: string, prefix: string | undefined): boolean =>
  KINDS.some((kind) => kind.service === service && (prefix === undefined || kind.prefix === prefix));

/** Every resource that has at least one tag, kind by kind, oldest first. */
export function allTagged(core: CloudCore, uin: string): Taggable[] {
  return KINDS.flatMap((kind) =>
    [...kind.records(core)]
      .filter(([, record]) => record.tags.length > 0)
      .map(([id, record]) => taggable(core, uin, kind, id, record)),
  );
}

function taggable(
  core: CloudCore,
  uin: string,
  { service, prefix }: Kind,
  id: string,
  record: { tags: readonly TagRecord[] },
): Taggable {
  return {
    resource: `qcs::${service}:${core.region}:uin/${uin}:${prefix}/${id}`,
    service,
    prefix,
    id,
    tags: record.tags,
    setTags: (tags) => {
      record.tags = tags;
    },
  };
}
