// What the life-cycle of VpcENIs is given beyond the common dependencies.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { Progress } from './progress.ts';
import type { OwnStatus } from './status.ts';

/** What the shared addresses of a node mean for its ENIs. */
export interface PoolHooks {
  /** Secondary addresses to ask for together with the ENI; undefined while the node's limits are not known. */
  firstAddresses(eni: VpcEni): number | undefined;
  /** Pods wait for the ENI: for its addresses, or for their sub-ENIs on it. */
  isUrgent(eni: VpcEni): boolean;
  /** What the status says of the addresses on an ENI that has just been attached, as the cloud shows it. */
  onAttached(eni: VpcEni, seen: Eni): Pick<OwnStatus, 'eni' | 'pool'>;
}

export interface LifecycleDeps extends IpamdDeps {
  readonly progress: Progress;
  readonly pools: PoolHooks;
}
