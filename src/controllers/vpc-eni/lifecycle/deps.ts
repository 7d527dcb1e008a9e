// What the life-cycle of VpcENIs is given beyond the common dependencies.
import type { IpamdDeps } from '../../deps.ts';
import type { Progress } from './progress.ts';

export interface LifecycleDeps extends IpamdDeps {
  readonly progress: Progress;
}
