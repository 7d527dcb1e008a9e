// An ipamd process of the static model: old views beside its own newest writes, looks at the cloud that take time, calls that wait to be sent.
import { planClaim } from '../claim-plan.ts';
import type { ReleaseFacts } from '../release.ts';
import { type HeldAddress, planStatic, type StaticAction, type StaticEni } from '../static-plan.ts';
import type { StaticCloud } from './static-cloud.ts';
import {
  type Kind,
  kindNames,
  type Kinds,
  type ModelClaim,
  type ModelPod,
  type ModelVip,
  type StaticApi,
} from './static-api.ts';
import type { StaticRules } from './static-rules.ts';

export interface StaticIpamd {
  see(kind: Kind, state: number): void;
  /** A describe is sent; its answer shows the cloud as it is when `endLook` is called. */
  beginLook(eni: string): void;
  endLook(eni: string): void;
  /** One reconcile of a claim; `keeps`: what its Pod asks for. */
  claim(name: string): void;
  /** One reconcile of a VpcIP that nobody needs. */
  collect(ip: string): void;
  /** One reconcile of a node: writes, and gets calls ready. */
  run(node: string): void;
  /** Sends the call that waits, with or without an effect; what came of it is in doubt in any case. */
  call(eni: string, effect: boolean): void;
  depose(): void;
}

export interface StaticIpamdOptions {
  readonly api: StaticApi;
  readonly cloud: StaticCloud;
  readonly rules: StaticRules;
  readonly nodes: ReadonlyMap<string, readonly string[]>;
  readonly cap: number;
  /** States that its first views are behind. */
  readonly age: number;
  /** Whether Pods of this name ask for an address that outlives them. */
  readonly keeps: (name: string) => boolean;
  readonly isDown: (node: string) => boolean;
  readonly onUnassign: (eni: string, ips: readonly string[]) => void;
}

type Call = Extract<StaticAction, { kind: 'assign-these' | 'assign-new' | 'unassign' }>;

export function createStaticIpamd(options: StaticIpamdOptions): StaticIpamd {
  const { api, cloud, rules, nodes } = options;
  const seen = Object.fromEntries(kindNames.map((kind) => [kind, Math.max(0, api.now(kind) - options.age)])) as Record<
    Kind,
    number
  >;
  const own = { vips: new Map<string, ModelVip>(), claims: new Map<string, ModelClaim>() };
  const looks = new Set<string>();
  const shown = new Map<string, NonNullable<StaticEni['seen']>>();
  const calls = new Map<string, Call>();
  /** For the next plan. */
  const dry = new Set<string>();
  const refused = new Map<string, 'later'>();
  let serial = 0;
  let leads = true;

  /** The cache, or our own write while that is newer. */
  const view = <K extends 'vips' | 'claims'>(kind: K): Map<string, Kinds[K]> => {
    const all = new Map<string, Kinds[K]>(api.at(kind, seen[kind]));
    for (const [key, written] of own[kind] as unknown as ReadonlyMap<string, Kinds[K]>) {
      const cached = all.get(key);
      if (cached === undefined || cached.version < written.version) all.set(key, written);
    }
    return all;
  };
  const forgetOld = (kind: 'vips' | 'claims'): void => {
    const cached = api.at(kind, seen[kind]);
    for (const [key, { version }] of own[kind]) {
      const now = cached.get(key);
      const isPast = now === undefined ? newestVersion(cached) > version : now.version >= version;
      if (isPast) own[kind].delete(key);
    }
  };
  /** False on a conflict: nothing that depends on the write may happen. */
  const write = <K extends 'vips' | 'claims'>(
    kind: K,
    key: string,
    known: Kinds[K] | undefined,
    change: Omit<Kinds[K], 'version'> | undefined,
  ): boolean => {
    if (!leads && rules.fenced) return false;
    if (known !== undefined && change !== undefined && JSON.stringify(bare(known)) === JSON.stringify(change))
      return true;
    const lock = rules.lockedWrites || known === undefined ? { version: known?.version } : undefined;
    if (!api.write(kind, key, () => change, lock)) return false;
    const written = api.latest(kind).get(key);
    const memory = own[kind] as unknown as Map<string, Kinds[K]>;
    if (written === undefined) memory.delete(key);
    else memory.set(key, written);
    return true;
  };

  const podLives = (uid: string): boolean =>
    [...api.at('pods', seen.pods).values(), ...api.latest('pods').values()].some((pod) => pod.uid === uid);
  const isOver = ({ podUid, phase, node, agent }: ModelVip): boolean => {
    if (podUid === undefined || phase === 'Detaching' || phase === 'Unassigned') return true;
    if (podLives(podUid)) return false;
    return rules.release({
      pod: 'gone',
      agent: agentOf(podUid, phase, agent, rules.reportsNamePods),
      instance: options.isDown(node ?? '') ? 'stopped' : 'unknown',
    });
  };
  const vipOf = (name: string, uid: string): readonly [string, ModelVip] | undefined =>
    [...view('vips')].find(([, vip]) => vip.claim.name === name && vip.claim.uid === uid && !vip.deleted);

  /** More than the product takes for one: whatever its Pod does not have yet. */
  const isRefused = (name: string, { uid, podUid }: ModelClaim): boolean => {
    const vip = vipOf(name, uid)?.[1];
    return vip !== undefined && (vip.phase !== 'Assigned' || vip.podUid !== podUid) && vip.agent?.podUID !== podUid;
  };
  const makeClaim = (name: string, pod: ModelPod): void => {
    const uid = `${name}-claim-${api.now('claims')}-${serial++}`;
    const bound = { podUid: pod.uid, node: pod.node, unbound: false, expires: false, deleted: false };
    if (write('claims', name, undefined, { uid, keeps: options.keeps(name), ...bound })) relink(name, uid);
  };
  const relink = (name: string, uid: string): void => {
    if (vipOf(name, uid) !== undefined) return;
    const left = [...view('vips')].find(([, vip]) => vip.claim.name === name && !vip.deleted);
    if (left !== undefined) write('vips', left[0], left[1], { ...bare(left[1]), claim: { name, uid } });
  };
  const reconcileClaim = (name: string): void => {
    const claim = view('claims').get(name);
    const pod = api.at('pods', seen.pods).get(name);
    const step = planClaim({
      nowMs: 1,
      pod: pod === undefined ? undefined : { uid: pod.uid, nodeName: pod.node },
      claim:
        claim === undefined
          ? undefined
          : {
              deleted: claim.deleted,
              deletePolicy: claim.keeps ? 'Never' : 'Immediate',
              podUid: claim.podUid,
              nodeName: claim.node,
              userLives: claim.podUid !== undefined && podLives(claim.podUid),
              refused: isRefused(name, claim),
              ownerGone: false,
              unboundSinceMs: claim.unbound ? 0 : undefined,
            },
      expiryMs: claim?.expires === true ? 0 : undefined,
    });
    if (step.kind === 'create' && pod !== undefined) return makeClaim(name, pod);
    if (claim === undefined) return;
    switch (step.kind) {
      case 'create':
      case 'nothing':
      case 'wait-for-pod':
        return;
      case 'bind':
        relink(name, claim.uid);
        return void write('claims', name, claim, {
          ...bare(claim),
          podUid: step.pod.uid,
          node: step.pod.nodeName,
          unbound: false,
        });
      case 'serve':
        return relink(name, claim.uid);
      case 'keep':
        return void write('claims', name, claim, { ...bare(claim), podUid: undefined, node: undefined, unbound: true });
      case 'delete':
        return void write('claims', name, claim, { ...bare(claim), deleted: true });
      case 'make-again':
        return void write('claims', name, claim, undefined);
      case 'release':
        for (const [ip, vip] of view('vips'))
          if (vip.claim.uid === claim.uid && !vip.deleted) write('vips', ip, vip, { ...bare(vip), deleted: true });
        return void write('claims', name, claim, undefined);
    }
  };

  const serve = (node: string, ip: string, eni: string, name: string): void => {
    const vip = view('vips').get(ip);
    const claim = view('claims').get(name);
    if (vip === undefined || claim?.podUid === undefined || vip.claim.uid !== claim.uid) return;
    write('vips', ip, vip, { ...bare(vip), phase: 'Assigned', eni, node, podUid: claim.podUid });
  };
  const adopt = (node: string, ip: string, eni: string, name: string): void => {
    const claim = view('claims').get(name);
    if (claim === undefined) return;
    const born = { claim: { name, uid: claim.uid }, phase: undefined, deleted: false };
    if (!write('vips', ip, undefined, born)) {
      const found = api.latest('vips').get(ip);
      if (found !== undefined) own.vips.set(ip, found);
      // The cache did not show it; a claim out of the same cache may be behind it.
      if (found?.podUid !== undefined && found.podUid !== claim.podUid) return;
    }
    serve(node, ip, eni, name);
  };
  /** What VpcIPs say comes first; a write that fails cancels the call. */
  const announce = (node: string, call: Call): boolean => {
    if (call.kind === 'assign-new') return true;
    return call.addresses.every((ip) => {
      const vip = view('vips').get(ip);
      if (call.kind === 'unassign') {
        // What is not written first is not compared with the API by that: a cache is no evidence.
        if (vip?.node === node && vip.phase !== 'Detaching')
          return !rules.recordBeforeUnassign || write('vips', ip, vip, { ...bare(vip), phase: 'Detaching' });
        const found = api.latest('vips').get(ip);
        return !rules.asksBeforeUnassign || found === undefined || found.version === vip?.version;
      }
      if (vip === undefined) return true;
      const claim = view('claims').get(vip.claim.name);
      if (claim?.podUid === undefined || claim.uid !== vip.claim.uid) return false;
      return write('vips', ip, vip, { ...bare(vip), phase: 'Attaching', eni: call.eni, node, podUid: claim.podUid });
    });
  };
  const asEni = (name: string): StaticEni => ({
    name,
    subnetId: 's',
    ready: true,
    busy: calls.has(name),
    closed: dry.has(name),
    cap: options.cap,
    seen: shown.get(name),
  });
  const heldOf = (ip: string, vip: ModelVip, wanted: ReadonlySet<string>): HeldAddress => ({
    ip,
    subnetId: 's',
    phase: vip.phase,
    eni: vip.eni,
    podUid: vip.podUid,
    claim: wanted.has(vip.claim.uid) && !vip.deleted ? vip.claim.name : undefined,
    over: isOver(vip),
  });
  const carryOut = (node: string, action: StaticAction): void => {
    if (action.kind === 'serve') return serve(node, action.ip, action.eni, action.claim);
    if (action.kind === 'adopt') return adopt(node, action.ip, action.eni, action.claim);
    if (action.kind === 'off') {
      const vip = view('vips').get(action.ip);
      const off = { phase: 'Unassigned' as const, eni: undefined, node: undefined, podUid: undefined };
      if (vip !== undefined) write('vips', action.ip, vip, { ...bare(vip), ...off });
      return;
    }
    if (action.kind !== 'assign-these' && action.kind !== 'assign-new' && action.kind !== 'unassign') return;
    if (announce(node, action)) calls.set(action.eni, action);
  };
  return {
    see: (kind, state) => {
      seen[kind] = Math.min(api.now(kind), Math.max(seen[kind], state));
      if (kind !== 'pods') forgetOld(kind);
    },
    beginLook: (eni) => void looks.add(eni),
    endLook: (eni) => {
      if (!looks.delete(eni) || calls.has(eni)) return;
      shown.set(
        eni,
        [...cloud.on(eni)].map(([ip, state]) => ({ ip, settled: state === 'there' })),
      );
    },
    claim: reconcileClaim,
    collect: (ip) => {
      const vip = view('vips').get(ip);
      if (vip === undefined || (vip.phase !== 'Unassigned' && vip.eni !== undefined)) return;
      // Seven days go by at once.
      const isOrphan =
        view('claims').get(vip.claim.name) === undefined && api.latest('claims').get(vip.claim.name) === undefined;
      if (vip.deleted || isOrphan) write('vips', ip, vip, undefined);
    },
    run: (node) => {
      const claims = [...view('claims')].filter(
        ([, claim]) => claim.node === node && claim.podUid !== undefined && !claim.deleted,
      );
      const wanted = new Set(claims.map(([, claim]) => claim.uid));
      const enis = nodes.get(node) ?? [];
      // A run sends its calls before it ends.
      if (enis.some((eni) => calls.has(eni))) return;
      const isHere = (vip: ModelVip): boolean => vip.node === node || (wanted.has(vip.claim.uid) && !vip.deleted);
      const all = view('vips');
      const held = [...all].filter(([, vip]) => isHere(vip)).map(([ip, vip]) => heldOf(ip, vip, wanted));
      // What the cloud chose may be what a claim elsewhere keeps: nobody uses it through this ENI.
      const there = enis.flatMap((eni) => (shown.get(eni) ?? []).map(({ ip }) => ip));
      const foreign = there.filter((ip) => all.has(ip) && !held.some((each) => each.ip === ip));
      const actions = planStatic({
        enis: enis.map(asEni),
        held: [...held, ...foreign.map((ip) => ({ ...nobodys, ip }))],
        claims: claims.map(([key, claim]) => ({ key, podUid: claim.podUid ?? '', subnetIds: ['s'] })),
        maxENI: enis.length,
        maxIPPerENI: options.cap,
        refused,
        living: new Set(),
        subnetsOfZone: ['s'],
      });
      for (const eni of enis) dry.delete(eni);
      refused.clear();
      for (const action of actions) carryOut(node, action);
    },
    call: (eni, effect) => {
      const call = calls.get(eni);
      calls.delete(eni);
      if (call === undefined || (!leads && rules.fenced)) return;
      looks.delete(eni);
      shown.delete(eni);
      if (!effect) return;
      if (call.kind === 'assign-new') {
        if (!cloud.assign(eni, call.count)) dry.add(eni);
        return;
      }
      if (call.kind === 'assign-these') {
        if (!cloud.assignThese(eni, call.addresses)) for (const ip of call.addresses) refused.set(ip, 'later');
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

const nobodys: Omit<HeldAddress, 'ip'> = {
  subnetId: 's',
  phase: undefined,
  eni: undefined,
  podUid: undefined,
  claim: undefined,
  over: true,
};

function bare<T extends { readonly version: number }>(object: T): Omit<T, 'version'> {
  const { version: _, ...rest } = object;
  return rest;
}

const newestVersion = (objects: ReadonlyMap<string, { readonly version: number }>): number =>
  Math.max(0, ...[...objects.values()].map(({ version }) => version));

/** As src/controllers/vpc-ip/release-facts.ts reads it. */
function agentOf(
  podUid: string,
  phase: ModelVip['phase'],
  agent: ModelVip['agent'],
  namesPods: boolean,
): ReleaseFacts['agent'] {
  if (agent !== undefined && (agent.podUID === podUid || !namesPods))
    return agent.state === 'TornDown' ? 'torn-down' : 'wired';
  return phase === 'Assigned' ? 'silent' : 'never-told';
}
