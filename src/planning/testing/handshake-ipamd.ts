// An ipamd process of the handshake's model: views that may be old, looks at the cloud that take time, calls that wait between record and sending.
import { type AddressPool, afterUnassign, askedBack, listed } from '../address-pool.ts';
import { countBound, type PoolAction, type PoolEni, planPool } from '../pool-plan.ts';
import type { ModelApi, ModelCloud } from './handshake-cloud.ts';
import type { HandshakeRules } from './handshake-rules.ts';

export interface ModelIpamd {
  see(eni: string, version: number): void;
  /** A describe is sent; its answer shows the cloud as it is when `endLook` is called. */
  beginLook(eni: string): void;
  endLook(eni: string): void;
  /** Plans for the ENIs of one node; writes, and gets calls ready. */
  run(enis: readonly string[], wanted: number): void;
  /** Sends the call that waits: with or without an effect. What came of it is in doubt in any case. */
  call(eni: string, effect: boolean): void;
  /** Another one leads from now on. */
  depose(): void;
}

export interface IpamdOptions {
  readonly api: ModelApi;
  readonly cloud: ModelCloud;
  readonly rules: HandshakeRules;
  readonly cap: number;
  /** Versions that its first views are behind. */
  readonly age: number;
  readonly enis: readonly string[];
  readonly onUnassign: (eni: string, ips: readonly string[]) => void;
}

type Call = Extract<PoolAction, { kind: 'assign' | 'unassign' }>;

export function createModelIpamd(options: IpamdOptions): ModelIpamd {
  const { api, cloud, rules } = options;
  const views = new Map(options.enis.map((eni) => [eni, Math.max(0, api.latest(eni).version - options.age)]));
  const looks = new Map<string, number>();
  const seen = new Map<string, NonNullable<PoolEni['seen']>>();
  const calls = new Map<string, Call>();
  /** For one plan. */
  const dry = new Set<string>();
  let leads = true;
  const view = (eni: string): ReturnType<ModelApi['latest']> => api.at(eni, views.get(eni) ?? 0);
  const asEni = (eni: string): PoolEni => {
    const object = view(eni);
    const shown = seen.get(eni);
    return {
      name: eni,
      trunk: false,
      ready: true,
      dry: dry.delete(eni),
      cap: options.cap,
      pool: object.pool,
      ...(object.use === undefined ? {} : { use: object.use }),
      ...(shown === undefined
        ? {}
        : { seen: rules.datedObservations ? shown : { ...shown, generation: object.pool.generation } }),
      arriving: 0,
      busy: calls.has(eni),
    };
  };
  const carryOut = (eni: string, actions: readonly PoolAction[]): void => {
    const object = view(eni);
    const pool = actions.reduce((now, action) => change(now, object.use, action), object.pool);
    const call = actions.find((action): action is Call => action.kind === 'assign' || action.kind === 'unassign');
    const recorded = call !== undefined && (call.kind === 'assign' || rules.recordBeforeUnassign);
    if (pool !== object.pool || recorded) {
      const locked = rules.lockedWrites ? object.version : undefined;
      if (!api.write(eni, (now) => ({ ...now, pool }), locked)) return;
      views.set(eni, api.latest(eni).version);
    }
    if (call !== undefined) calls.set(eni, call);
  };
  const change = (pool: AddressPool, use: PoolEni['use'], action: PoolAction): AddressPool => {
    if (action.kind === 'list') return listed(pool, action.addresses);
    if (action.kind === 'drop') return afterUnassign(pool, action.addresses);
    if (action.kind === 'ask-back') return askedBack(pool, action.addresses);
    if (action.kind === 'take-back-request' || action.kind === 'forget-refused')
      return rules.takenBack(pool, use, action.addresses);
    return pool;
  };
  return {
    see: (eni, version) => views.set(eni, Math.min(api.latest(eni).version, Math.max(version, views.get(eni) ?? 0))),
    beginLook: (eni) => looks.set(eni, view(eni).pool.generation),
    endLook: (eni) => {
      const generation = looks.get(eni);
      looks.delete(eni);
      if (generation === undefined) return;
      const addresses = [...cloud.on(eni)].map(([ip, state]) => ({ ip, settled: state === 'there' }));
      seen.set(eni, { generation, addresses });
    },
    run: (enis, wanted) => {
      const now = enis.map(asEni);
      const bound = countBound(now, enis.length);
      const target = { bind: Math.max(0, wanted - bound), release: Math.max(0, bound - wanted) };
      const { actions } = planPool({ enis: now, maxENI: enis.length, maxIPPerENI: options.cap, target });
      for (const eni of enis)
        carryOut(
          eni,
          actions.filter((action) => 'eni' in action && action.eni === eni),
        );
    },
    call: (eni, effect) => {
      const call = calls.get(eni);
      calls.delete(eni);
      if (call === undefined || (!leads && rules.fenced)) return;
      looks.delete(eni);
      seen.delete(eni);
      if (!effect) return;
      if (call.kind === 'assign') {
        if (!cloud.assign(eni, call.count)) dry.add(eni);
        return;
      }
      options.onUnassign(eni, call.addresses);
      cloud.unassign(eni, call.addresses);
    },
    depose: () => {
      leads = false;
    },
  };
}
