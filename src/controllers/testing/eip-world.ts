// For tests of EIPs: Pods that ask for one, their claims, and what the cloud has bought and bound.
import { waitForObjects } from '../../../lab/wait.ts';
import { type EipClaim, eipClaims } from '../../api/eip-claim.ts';
import { annotations } from '../../api/keys.ts';
import { type Pod, pods } from '../../kube/resources.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { staticCredentials } from '../../cloud/credentials.ts';
import type { Eip } from '../../cloud/eip-calls.ts';
import { createTencentCloud, type TencentCloud } from '../../cloud/tencent-cloud.ts';
import { nodeName } from './shared-world.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

export interface EipWorld extends World, AsyncDisposable {
  /** What a person does in the cloud's console. */
  readonly console: TencentCloud;
  /** Every EIP of the account. */
  eips(): Promise<readonly Eip[]>;
  /** Bought in the console: `count` ids, bound to nothing. */
  buy(count: number): Promise<readonly string[]>;
}

/** One node, without trunks unless `values` says so. */
export async function eipWorld(options: WorldOptions = {}): Promise<EipWorld> {
  const world = await startWorld({
    instanceTypes: ['SA5.LARGE8'],
    ...options,
    values: { 'vpcCni.trunkingEni.enableSubEni': 'false', ...options.values },
  });
  const { endpoint, secretId, secretKey, region } = world.cloud;
  const console = createTencentCloud({
    credentials: staticCredentials({ secretId, secretKey }),
    region,
    endpoints: { vpc: endpoint, cvm: endpoint, cam: endpoint },
    clock: systemClock,
    logger: silentLogger,
  });
  const close = async (): Promise<void> => {
    console.close();
    await world.close();
  };
  return {
    ...world,
    console,
    close,
    [Symbol.asyncDispose]: close,
    eips: () => console.describeEips({}),
    buy: async (count) => {
      const ids: string[] = [];
      for (let index = 0; index < count; index += 1) {
        const clientToken = `console-${index}`;
        ids.push((await console.allocateEip({ attributes: {}, name: 'by-hand', tags: [], clientToken })).eipId);
      }
      const ready = async (): Promise<boolean> => {
        const found = await console.describeEips({ eipIds: ids });
        return found.filter(({ status }) => status === 'UNBIND').length === count;
      };
      while (!(await ready()));
      return ids;
    },
  };
}

export const CREATE = { [annotations.eipAttributes]: '{"Bandwidth":"100","ISP":"BGP"}' };
export const KEEP = { ...CREATE, [annotations.eipClaimDeletePolicy]: 'Never' };

export const eipPod = (
  world: World,
  name: string,
  { index = 0, marks = CREATE }: { readonly index?: number; readonly marks?: Record<string, string> } = {},
): Promise<Pod> => world.createPod(name, { node: nodeName(world, index), annotations: marks });

/** All EIPClaims, once `done` says so. */
export const eipcs = (
  world: World,
  done: (all: readonly EipClaim[]) => boolean,
  what: string,
): Promise<readonly EipClaim[]> =>
  waitForObjects(world.client, eipClaims, done, {
    what,
    timeoutMs: 50_000,
    describe: (list) => JSON.stringify(list.map(({ metadata, spec, status }) => [metadata, spec, status])),
  });

/** One claim, once `done` says so. */
export async function eipcOf(
  world: World,
  name: string,
  done: (claim: EipClaim) => boolean,
  what: string,
): Promise<EipClaim> {
  const isIt = (claim: EipClaim): boolean => claim.metadata.name === name && done(claim);
  const found = (await eipcs(world, (all) => all.some(isIt), what)).find(isIt);
  if (found === undefined) throw new Error(`no EIPClaim ${name}`);
  return found;
}

export const boundClaim = (world: World, name: string): Promise<EipClaim> =>
  eipcOf(world, name, ({ status }) => status?.phase === 'Bound', `${name} bound`);

/** One condition of a claim, `REASON: message`. */
export const verdictOf = ({ status }: EipClaim): string => {
  const [condition] = status?.conditions ?? [];
  return `${condition?.reason ?? ''}: ${condition?.message ?? ''}`;
};

/** The Pod's annotation eip-public-ip, once it is there. */
export async function shownOn(world: World, name: string): Promise<string> {
  const shown = (pod: Pod): string | undefined => pod.metadata.annotations?.[annotations.eipPublicIp];
  const isIt = (pod: Pod): boolean => pod.metadata.name === name && shown(pod) !== undefined;
  const all = await waitForObjects(world.client, pods, (list) => list.some(isIt), {
    what: `eip-public-ip on ${name}`,
    timeoutMs: 60_000,
  });
  return all.map((pod) => (isIt(pod) ? shown(pod) : undefined)).find((ip) => ip !== undefined) ?? '';
}
