// kube-proxy of the lab: keeps the rules of Services in every network namespace from which Pods and nodes call them.
import { errorText, TrunklineError } from '../../../src/base/errors.ts';
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { createController, watchOf } from '../../../src/kube/controller.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { runManager } from '../../../src/kube/manager.ts';
import type { KubeClient, Resource } from '../../../src/kube/types.ts';
import type { LabHost } from '../../host/types.ts';
import { compile } from './compile.ts';
import { PROXY_ERRORS } from './errors.ts';
import { renderChange, renderFull, RETURN_RULE } from './render.ts';
import type { ProxyRuleset } from './ruleset.ts';
import { servicePorts } from './service-ports.ts';
import type { EndpointsObject, ServiceObject, ServicePort } from './service-ports.ts';
import { staleFlows } from './stale-flows.ts';

/** A network namespace whose traffic to Services is carried. */
export interface ProxyPlace {
  readonly netns: string;
  /** Whose backends count as local. */
  readonly nodeName: string;
  /** Addresses whose node ports are open: the node's own, none in a Pod's machine. */
  readonly nodeIps: readonly string[];
}

export interface ServiceProxy {
  /** Watches Services and Endpoints until `signal` aborts. May be called once. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the place has the rules of all Services known so far; once `run` has begun, or it waits for that. */
  add(place: ProxyPlace): Promise<void>;
  /** While it does not follow, its rules stay as they are: its node hears nothing of the API, or does nothing. Unknown places are fine. */
  setFollowing(netns: string, follows: boolean): void;
  /** The namespace is about to go, or gone; its rules go with it. Unknown ones are fine. */
  remove(netns: string): void;
}

export interface ServiceProxyOptions {
  readonly client: KubeClient;
  readonly host: LabHost;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Service addresses that answer without a proxy, to everybody on a node: the API's, where its endpoints are not in the VPC. */
  readonly servedAddresses: ReadonlySet<string>;
  /** Addresses that a node answers at for its own programs, whatever is behind the Service for Pods: the API's. Default none. */
  readonly nodeAddresses?: ReadonlySet<string>;
}

interface PlaceState {
  readonly place: ProxyPlace;
  /** Absent: unknown, so the whole table is loaded. */
  loaded?: { readonly ports: readonly ServicePort[]; readonly ruleset: ProxyRuleset };
  readonly ready: PromiseWithResolvers<void>;
  follows: boolean;
}

const resource = <T extends ServiceObject | EndpointsObject>(plural: string, kind: string): Resource<T> => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});
const services = resource<ServiceObject>('services', 'Service');
const endpoints = resource<EndpointsObject>('endpoints', 'Endpoints');

const EXEC_TIMEOUT_MS = 10_000;
/** Pods of a rollout become ready one after the other: one load for those of a moment. */
const SETTLE_MS = 30;

/** The rule is added once; a place that was made anew under the same name has none. */
const RETURN_PATH = `ip rule show | grep -q 'fwmark 0x80/0x80' || ip rule add ${RETURN_RULE}`;

/** Nothing happens before `run`. What the kernel refuses is logged and tried again until it is taken. */
export function createServiceProxy(options: ServiceProxyOptions): ServiceProxy {
  const { client, host, clock, logger } = options;
  const common = { client, clock, logger };
  const informers = {
    services: createInformer<ServiceObject>({ ...common, resource: services }),
    endpoints: createInformer<EndpointsObject>({ ...common, resource: endpoints }),
  };
  const places = new Map<string, PlaceState>();
  const everyPlace = (): readonly string[] => [...places.keys()];

  const run = async (netns: string, argv: readonly string[], stdin?: string): Promise<void> => {
    const result = await host.exec(argv, {
      netns,
      timeoutMs: EXEC_TIMEOUT_MS,
      ...(stdin === undefined ? {} : { stdin }),
    });
    if (result.code === 0) return;
    const words = result.stderr.trim() || `code ${result.code}`;
    throw new TrunklineError(PROXY_ERRORS.apply, `${argv[0]} in ${netns}: ${words}`);
  };

  const full = ({ nodeIps }: ProxyPlace, ruleset: ProxyRuleset): string =>
    renderFull(ruleset, nodeIps, nodeIps.length === 0 ? [] : [...(options.nodeAddresses ?? [])]);

  const load = async (state: PlaceState): Promise<void> => {
    const { place, loaded } = state;
    const view = { services: informers.services.list(), endpointsOf: (key: string) => informers.endpoints.get(key) };
    const ports = servicePorts(view, place.nodeName, options.servedAddresses);
    const ruleset = compile(ports);
    const text = loaded === undefined ? full(place, ruleset) : renderChange(loaded.ruleset, ruleset);
    delete state.loaded;
    if (text !== undefined) await run(place.netns, ['nft', '-f', '-'], text);
    if (loaded === undefined && place.nodeIps.length > 0) await run(place.netns, ['sh', '-c', RETURN_PATH]);
    state.loaded = { ports, ruleset };
    state.ready.resolve();
    if (loaded !== undefined) await forgetFlows(place, staleFlows(loaded.ports, ports, place.nodeIps));
  };

  /** Best effort: without the tool, flows to what is gone end by their time-out. */
  const forgetFlows = async ({ netns }: ProxyPlace, flows: readonly (readonly string[])[]): Promise<void> => {
    for (const flow of flows) {
      const argv = ['conntrack', '--delete', '--proto', 'udp', ...flow];
      const result = await host.exec(argv, { netns, timeoutMs: EXEC_TIMEOUT_MS });
      // It also ends with 1 when there was no such flow.
      if (result.code > 1) logger.warn({ netns, words: result.stderr.trim() }, 'stale flows of a Service stay');
    }
  };

  const controller = createController({
    name: 'service-proxy',
    clock,
    logger,
    concurrency: 4,
    watches: [watchOf(informers.services, everyPlace), watchOf(informers.endpoints, everyPlace)],
    reconcile: async (netns, { signal }) => {
      const state = places.get(netns);
      if (state === undefined) return;
      if (state.loaded !== undefined) await clock.sleep(SETTLE_MS, signal);
      if (!state.follows) return;
      try {
        await load(state);
      } catch (error) {
        // The namespace went away meanwhile.
        if (places.get(netns) !== state) return;
        throw error;
      }
    },
  });

  return {
    run: (signal) =>
      runManager({ informers: Object.values(informers), controllers: [controller], clock, logger, signal }).catch(
        (error: unknown) => {
          logger.error({ error: errorText(error) }, 'the service proxy ended by itself');
          throw error;
        },
      ),
    add: (place) => {
      const state: PlaceState = { place, ready: Promise.withResolvers<void>(), follows: true };
      places.set(place.netns, state);
      controller.enqueue(place.netns);
      return state.ready.promise;
    },
    setFollowing: (netns, follows) => {
      const state = places.get(netns);
      if (state === undefined) return;
      state.follows = follows;
      if (follows) controller.enqueue(netns);
    },
    remove: (netns) => {
      places.get(netns)?.ready.resolve();
      places.delete(netns);
    },
  };
}
