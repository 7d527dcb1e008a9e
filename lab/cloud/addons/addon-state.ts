// What a cluster record keeps of its add-ons and of its VPC-CNI network.

/** A JSON object. */
export type AddonValues = Readonly<Record<string, unknown>>;

/** GUESS on the spelling, after the TKE API's own `Phase` values; spec 001 speaks of "success". */
export type AddonPhase = 'Installing' | 'Succeeded' | 'InstallFailed' | 'Upgrading' | 'UpgradeFailed' | 'Deleting';

export interface ClusterAddon {
  readonly name: string;
  version: string;
  /** What was written over the defaults. */
  values: AddonValues;
  phase: AddonPhase;
  reason: string;
  readonly createdAt: Date;
}

export type VpcCniType = 'tke-route-eni' | 'tke-direct-eni';

export interface VpcCniNetwork {
  readonly type: VpcCniType;
  readonly staticIp: boolean;
  subnetIds: readonly string[];
  /** Seconds until a kept address of a Pod that is gone is given back; undefined: never. */
  readonly expiredSeconds: number | undefined;
  /** `Running` until the task ends. */
  progress: 'Running' | 'Succeed' | 'Failed';
  /** The call that turned it on; absent: it was there from the start. */
  readonly enabledBy?: string;
}
