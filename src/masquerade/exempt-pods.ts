// The Pods of this node that keep their own address without being listed: those with an EIP, and those with strict routing. Watched while asked for.
import { annotations } from '../api/keys.ts';
import type { VpcEni } from '../api/vpc-eni.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { identityOf } from '../kube/identity.ts';
import type { Pod } from '../kube/resources.ts';
import type { Informer, KubeObject } from '../kube/types.ts';
import { singleCidr } from '../planning/masq-config.ts';

export interface ExemptWish {
  readonly eipPods: boolean;
  readonly strictPods: boolean;
}

export interface ExemptPods {
  /** Watches what is asked for, and nothing else. */
  want(wish: ExemptWish): void;
  /** CIDRs of single addresses, each once; undefined while something that is asked for has not been listed yet. */
  sources(): readonly string[] | undefined;
  /** Called after each change of what `sources` answers, or more often. */
  onChange(handler: () => void): void;
}

/** A Pod as it is kept in memory: what it has of addresses. */
export interface ExemptPod extends KubeObject {
  /** Empty for a Pod without an EIP, one on the host's network, and one that has ended. */
  readonly exempt: readonly string[];
}

export interface ExemptPodsOptions {
  /** A new informer at each call, of this node's Pods (`projectExemptPod`). */
  readonly pods: () => Informer<ExemptPod>;
  /** The same of this node's VpcENIs. */
  readonly enis: () => Informer<VpcEni>;
  readonly logger: Logger;
  /** Ends all watching. */
  readonly signal: AbortSignal;
}

/** Nothing is watched before the first wish. */
export function createExemptPods(options: ExemptPodsOptions): ExemptPods {
  const { logger, signal } = options;
  let changed: () => void = () => undefined;
  const watched = <T extends KubeObject>(create: () => Informer<T>, addresses: (object: T) => readonly string[]) => {
    let current: { readonly informer: Informer<T>; readonly end: AbortController } | undefined;
    return {
      set: (on: boolean): void => {
        if (on === (current !== undefined)) return;
        current?.end.abort();
        current = undefined;
        if (!on) return;
        const informer = create();
        const end = new AbortController();
        current = { informer, end };
        informer.onChange(() => changed());
        informer.synced.then(
          () => changed(),
          () => undefined,
        );
        informer
          .run(AbortSignal.any([signal, end.signal]))
          .catch((error: unknown) =>
            logger.error({ error: errorText(error) }, 'exempt Pods are not followed any more'),
          );
      },
      get: (): readonly string[] | undefined => {
        if (current === undefined) return [];
        return current.informer.hasSynced ? current.informer.list().flatMap(addresses) : undefined;
      },
    };
  };
  const withEip = watched(options.pods, ({ exempt }) => exempt);
  const strict = watched(options.enis, strictAddresses);
  return {
    want: ({ eipPods, strictPods }) => {
      withEip.set(eipPods);
      strict.set(strictPods);
    },
    sources: () => {
      const found = [withEip.get(), strict.get()];
      const known = found.flatMap((list) => list ?? []);
      return found.includes(undefined) ? undefined : [...new Set(known.map(singleCidr))].toSorted();
    },
    onChange: (handler) => {
      changed = handler;
    },
  };
}

/** By the annotation that ipamd writes once the EIP is bound: a Pod that still waits for one leaves by its node. */
export function projectExemptPod({ metadata, spec, status }: Pod): ExemptPod {
  const bound = (metadata.annotations?.[annotations.eipPublicIp] ?? '') !== '';
  const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const all = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP === undefined ? [] : [status.podIP]);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: identityOf(metadata),
    exempt: bound && !ended && spec.hostNetwork !== true ? all : [],
  };
}

/** A kept sub-ENI is no Pod's. */
function strictAddresses({ spec, status }: VpcEni): readonly string[] {
  if (spec.type !== 'SubENI' || spec.enforcingMode !== 'strict' || status?.phase === 'Kept') return [];
  return (status?.eni?.addresses ?? []).map(({ ip }) => ip);
}
