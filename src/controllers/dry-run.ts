// ipamd that changes nothing (`--dry-run`): what it would do is logged, once for each thing it would do.
import type { Logger } from '../base/logger.ts';
import { CloudError, cloudErrors } from '../cloud/errors.ts';
import type { TencentCloud } from '../cloud/tencent-cloud.ts';
import type { VpcCloud } from '../cloud/vpc-cloud.ts';
import type { TriedWrite } from '../kube/dry-run.ts';

/** Where a plan is told. */
export interface PlanLog {
  readonly write: (write: TriedWrite) => void;
  call(action: MutatingMethod, request: unknown): void;
}

type MutatingMethod = {
  [M in keyof VpcCloud]: M extends `describe${string}` | `check${string}` ? never : M;
}[keyof VpcCloud];

const MUTATING: readonly MutatingMethod[] = [
  'createEni',
  'attachEni',
  'detachEni',
  'deleteEni',
  'createSubEni',
  'deleteSubEni',
  'assignAddresses',
  'unassignAddresses',
  'associateSecurityGroups',
  'disassociateSecurityGroups',
  'replaceSecurityGroups',
  'allocateEip',
  'associateEip',
  'disassociateEip',
  'releaseEip',
  'modifyEipBandwidth',
];

/** Controllers try again and again; a line is written for what was not told among the last thousands. */
const MOST_REMEMBERED = 10_000;

/** Lines at level info, with what would be sent. */
export function createPlanLog(logger: Logger): PlanLog {
  const told = new Set<string>();
  const once = (key: string, tell: () => void): void => {
    if (told.has(key)) return;
    if (told.size >= MOST_REMEMBERED) told.clear();
    told.add(key);
    tell();
  };
  return {
    write: ({ method, path, body }) =>
      once(`${method} ${path} ${withoutTimes(body)}`, () =>
        logger.info({ method, path, body }, 'dry run: would write to the Kubernetes API'),
      ),
    call: (action, request) =>
      once(`${action} ${JSON.stringify(request)}`, () =>
        logger.info({ action, request }, 'dry run: would call the cloud'),
      ),
  };
}

/** The same plan at another time is the same plan. */
function withoutTimes(body: unknown): string {
  return (JSON.stringify(body) ?? '').replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '""');
}

/** Reads go through; what would change something is told and refused with CLOUD-FENCED. */
export function dryRunCloud(cloud: TencentCloud, plan: PlanLog): TencentCloud {
  const refused = MUTATING.map((action) => [
    action,
    (request: unknown) => {
      plan.call(action, request);
      return Promise.reject(
        new CloudError(cloudErrors.fenced, `${action} is held back: ipamd was started with --dry-run`, { action }),
      );
    },
  ]);
  return { ...cloud, ...(Object.fromEntries(refused) as Pick<VpcCloud, MutatingMethod>) };
}
