// The extender's three answers: which nodes can give a Pod its address, which suit it best, and the binding itself.
import type { Logger } from '../base/logger.ts';
import { errorText } from '../base/errors.ts';
import { pods } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import {
  judgeNode,
  type Placement,
  type PlacementNode,
  placementPoints,
  placementReasons,
} from '../planning/placement.ts';
import { type AddressDemand, addressDemand } from './address-demand.ts';
import type { BindingArgs, ExtenderArgs, FilterResult, HostPriority } from './extender-protocol.ts';
import { filterError, filterResult } from './extender-protocol.ts';
import type { Look, PlacementState } from './placement-state.ts';
import { addressWish } from './views.ts';
import type { Pod } from '../kube/resources.ts';

export interface Placer {
  filter(args: ExtenderArgs): FilterResult;
  prioritize(args: ExtenderArgs): readonly HostPriority[];
  /** Why the Pod was not bound; `undefined`: it is. */
  bind(args: BindingArgs): Promise<string | undefined>;
}

export interface PlacerDeps {
  readonly client: Pick<KubeClient, 'get' | 'request'>;
  readonly state: PlacementState;
  readonly logger: Logger;
  /** Only one replica binds: what the other has just promised is not seen here. */
  readonly leads: () => boolean;
  /** Addresses only for Pods that nominate subnets, as with ipamd's flag of the same name (facts/tke.md 5.1). */
  readonly onlyNominated: boolean;
}

const NOT_READY = '[ip-scheduler] not ready: its view of the cluster is not complete yet';

/** Decides on its own view of the cluster, which lags behind by as long as a watch event travels; what it bound itself counts at once. */
export function createPlacer({ client, state, logger, leads, onlyNominated }: PlacerDeps): Placer {
  const demandOf = (pod: Pod, look: Look): AddressDemand => {
    const { name, namespace = 'default', uid = '' } = pod.metadata;
    return addressDemand({
      podUid: uid,
      wish: addressWish(pod),
      claim: state.claim(namespace, name),
      addressOf: (ip) => state.address(ip),
      subnets: look.subnets,
      onlyNominated,
    });
  };
  const judge = (
    wanted: AddressDemand,
    look: Look,
    name: string,
  ): { readonly placement: Placement; readonly node: PlacementNode | undefined } => {
    if (look.isSuper(name)) return { placement: placementOnSuper(wanted), node: undefined };
    if (wanted.kind === 'refused') return { placement: { fits: false, reason: wanted.reason }, node: undefined };
    const node = look.node(name);
    // Without a report nothing is known of any subnet, and nothing is refused for it.
    if (wanted.kind === 'free' || look.subnets.length === 0)
      return { placement: { fits: true, prepared: false, free: 0 }, node };
    if (node === undefined) return { placement: { fits: false, reason: placementReasons.unknownNode }, node };
    return { placement: judgeNode(wanted.demand, node, look.world), node };
  };
  return {
    filter: (args) => {
      if (!state.synced) return filterError(NOT_READY);
      const refused = new Map<string, string>();
      if (!state.servesStatic()) return filterResult(args, refused);
      const look = state.look();
      const wanted = demandOf(args.pod, look);
      for (const name of args.nodeNames) {
        const { placement } = judge(wanted, look, name);
        if (!placement.fits) refused.set(name, placement.reason);
      }
      return filterResult(args, refused);
    },
    prioritize: (args) => {
      if (!state.synced || !state.servesStatic()) return args.nodeNames.map((name) => ({ Host: name, Score: 0 }));
      const look = state.look();
      const wanted = demandOf(args.pod, look);
      return args.nodeNames.map((name) => {
        const { placement, node } = judge(wanted, look, name);
        return { Host: name, Score: node === undefined ? 0 : placementPoints(placement, node) };
      });
    },
    bind: async ({ podName, podNamespace, podUid, node }) => {
      if (!state.synced) return NOT_READY;
      if (!leads()) return '[ip-scheduler] this replica does not bind: another one leads';
      try {
        const pod = await client.get(pods, podName, { namespace: podNamespace });
        if (pod.metadata.uid !== podUid) return `[ip-scheduler] Pod ${podNamespace}/${podName} is another one by now`;
        // From here to the reservation nothing is awaited: bindings that come at the same time are judged one after the other.
        const look = state.look();
        const { placement } = state.servesStatic() ? judge(demandOf(pod, look), look, node) : FITS;
        if (!placement.fits) return placement.reason;
        const takeBack = state.reserve(podUid, node);
        await send(client, { podName, podNamespace, podUid, node }).catch((error: unknown) => {
          takeBack();
          throw error;
        });
        return undefined;
      } catch (error) {
        logger.warn({ pod: `${podNamespace}/${podName}`, node, error: errorText(error) }, 'a Pod could not be bound');
        return errorText(error);
      }
    },
  };
}

/** From 3.4.1 static-IP Pods may go there (facts/tke.md 6.2, rule 6), as far as nothing of ours has to follow them; an ENI of its own each of them has. */
function placementOnSuper(wanted: AddressDemand): Placement {
  const fits: Placement = { fits: true, prepared: false, free: 0 };
  if (wanted.kind === 'free') return fits;
  if (wanted.kind === 'refused')
    return wanted.reason === placementReasons.exclusive ? fits : { fits: false, reason: wanted.reason };
  const { demand } = wanted;
  return demand.kind === 'any' && demand.subnetIds === undefined
    ? fits
    : { fits: false, reason: placementReasons.superNode };
}

const FITS = { placement: { fits: true } } as const;

/** The uid makes a Pod that was made anew under the name stay unbound. */
async function send(client: Pick<KubeClient, 'request'>, args: BindingArgs): Promise<void> {
  const { podName, podNamespace, podUid, node } = args;
  await client.request('POST', `/api/v1/namespaces/${podNamespace}/pods/${podName}/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: podName, namespace: podNamespace, uid: podUid },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  });
}
