// An ENI record whose setters keep the account's index right.
import type { EniIndex } from './eni-index.ts';
import type { EniRecord } from './state.ts';
import type { VlanIds } from './vlan-ids.ts';

/** Everything of a new record; its VLAN ids are made when a trunk first needs them. */
export interface EniFields extends Omit<EniRecord, 'vlans'> {
  readonly makeVlans: () => VlanIds;
}

/** The VLAN ids of a trunk that has needed some; undefined when the record has none yet. */
export const vlansOf = (eni: EniRecord): VlanIds | undefined =>
  eni instanceof IndexedEni ? eni.vlansSoFar : undefined;

/** Assigning name, addresses, groups, attachment or tags moves it in the index at once. Lists are replaced, never changed in place. */
export class IndexedEni implements EniRecord {
  readonly eniId: string;
  readonly kind: EniRecord['kind'];
  readonly vpcId: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly mac: string;
  readonly trunkEniId: string | null;
  readonly vlanId: number | null;
  readonly createdAt: Date;
  readonly visibleAt: number;
  description: string;
  state: EniRecord['state'];
  trunking: boolean;
  qosLevel: string;
  addressTasks: number;
  wired: boolean;
  groupsReady: boolean;
  readonly #index: EniIndex;
  readonly #makeVlans: () => VlanIds;
  #vlans: VlanIds | undefined;
  #name: string;
  #addresses: EniRecord['addresses'];
  #securityGroupIds: string[];
  #attachment: EniRecord['attachment'];
  #tags: EniRecord['tags'];

  constructor(index: EniIndex, fields: EniFields) {
    this.#index = index;
    this.#makeVlans = fields.makeVlans;
    this.eniId = fields.eniId;
    this.kind = fields.kind;
    this.vpcId = fields.vpcId;
    this.subnetId = fields.subnetId;
    this.zone = fields.zone;
    this.mac = fields.mac;
    this.trunkEniId = fields.trunkEniId;
    this.vlanId = fields.vlanId;
    this.createdAt = fields.createdAt;
    this.visibleAt = fields.visibleAt;
    this.description = fields.description;
    this.state = fields.state;
    this.trunking = fields.trunking;
    this.qosLevel = fields.qosLevel;
    this.addressTasks = fields.addressTasks;
    this.wired = fields.wired;
    this.groupsReady = fields.groupsReady;
    this.#name = fields.name;
    this.#addresses = fields.addresses;
    this.#securityGroupIds = fields.securityGroupIds;
    this.#attachment = fields.attachment;
    this.#tags = fields.tags;
  }

  get vlans(): VlanIds {
    this.#vlans ??= this.#makeVlans();
    return this.#vlans;
  }

  /** As `vlans`, without making them. */
  get vlansSoFar(): VlanIds | undefined {
    return this.#vlans;
  }

  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#index.reindex('name', this, () => (this.#name = name));
  }

  get addresses(): EniRecord['addresses'] {
    return this.#addresses;
  }
  set addresses(addresses: EniRecord['addresses']) {
    this.#index.reindex('address', this, () => (this.#addresses = addresses));
  }

  get securityGroupIds(): string[] {
    return this.#securityGroupIds;
  }
  set securityGroupIds(ids: string[]) {
    this.#index.reindex('group', this, () => (this.#securityGroupIds = ids));
  }

  get attachment(): EniRecord['attachment'] {
    return this.#attachment;
  }
  set attachment(attachment: EniRecord['attachment']) {
    this.#index.reindex('instance', this, () => (this.#attachment = attachment));
  }

  get tags(): EniRecord['tags'] {
    return this.#tags;
  }
  set tags(tags: EniRecord['tags']) {
    this.#index.reindex('tag', this, () => (this.#tags = tags));
  }
}
