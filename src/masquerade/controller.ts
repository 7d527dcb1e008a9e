// Keeps the node's rules as the ConfigMap says: at each change of it, and at its own interval against what others did to them.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createController, watchOf } from '../kube/controller.ts';
import type { ConfigMap } from '../kube/resources.ts';
import type { Controller, EventRecorder, Informer } from '../kube/types.ts';
import type { PolicyRule } from '../node-network/policy-rule.ts';
import { defaultMasqConfig, isSingleCidr, type MasqConfig } from '../planning/masq-config.ts';
import { masqErrors } from './errors.ts';
import type { ExemptPods } from './exempt-pods.ts';
import type { MasqMetrics } from './metrics.ts';
import type { MasqTable, Nft } from './nft.ts';
import { readConfig } from './read-config.ts';
import { isSameRuleset, type MasqRuleset, renderChange, renderWhole, rulesetOf } from './ruleset.ts';

export interface MasqDeps {
  readonly nft: Nft;
  readonly markRule: Pick<PolicyRule, 'ensure'>;
  /** Only kube-system/ip-masq-agent-config. */
  readonly configs: Informer<ConfigMap>;
  /** Asked only while the configuration in force wants it. */
  readonly exemptPods: ExemptPods;
  readonly recorder: EventRecorder;
  readonly metrics: MasqMetrics;
  readonly podInterfaces: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

interface InForce {
  readonly ruleset: MasqRuleset;
  readonly resyncIntervalMs: number;
  /** Absent: nobody knows it any more, only what the kernel has of it. */
  readonly config?: MasqConfig;
}

/** The table as this program left it. */
interface Left {
  readonly ruleset: MasqRuleset;
  readonly layout: string;
}

const KEY = 'rules';

/**
 * A configuration that is not good changes nothing: what was in force stays, also over a restart, since the kernel still has it; on a node
 * that has nothing yet, the defaults. It is told by a log line, an Event on the ConfigMap and a metric, once for each text.
 */
export function createMasquerade(deps: MasqDeps): Controller {
  const { nft, configs, metrics, podInterfaces } = deps;
  let inForce: InForce | undefined;
  let left: Left | undefined;
  let told: string | undefined;

  const tell = (map: ConfigMap | undefined, errors: readonly string[], warnings: readonly string[]): void => {
    metrics.configValid.set(errors.length === 0 ? 1 : 0);
    const text = [...errors, ...warnings].join('; ');
    if (text === told) return;
    told = text;
    const record = (reason: string, message: string): void => {
      if (map !== undefined) deps.recorder.record({ regarding: map, type: 'Warning', reason, message });
    };
    for (const problem of errors) {
      deps.logger.error({ problem, code: masqErrors.configInvalid.code }, 'the configuration is not accepted');
      record(masqErrors.configInvalid.eventReason, `${problem}; the last good configuration stays in force`);
    }
    for (const warning of warnings) {
      deps.logger.warn({ warning }, 'the configuration is in force, but');
      record('MasqConfigWarning', warning);
    }
  };

  const wanted = async (): Promise<InForce> => {
    const map = configs.list()[0];
    const { config, errors, warnings } = readConfig(map);
    tell(map, errors, warnings);
    const good = config ?? inForce?.config;
    if (good !== undefined) return await meaning(good);
    const { resyncIntervalMs } = defaultMasqConfig;
    return inForce ?? { ruleset: (await nft.read())?.ruleset ?? rulesetOf(defaultMasqConfig), resyncIntervalMs };
  };

  const meaning = async (config: MasqConfig): Promise<InForce> => {
    deps.exemptPods.want({ eipPods: config.nonMasqueradeEIPPods, strictPods: config.nonMasqueradeStrictPods });
    // Until the Pods are listed, after a restart, the kernel knows them: none of them loses its address for a moment.
    const exempt = deps.exemptPods.sources() ?? singleSources((await nft.read())?.ruleset);
    return { ruleset: rulesetOf(config, exempt), resyncIntervalMs: config.resyncIntervalMs, config };
  };

  /** True when the kernel's rules are others than before. */
  const apply = async (ruleset: MasqRuleset): Promise<boolean> => {
    const before = left;
    const found = before === undefined ? undefined : await nft.read();
    if (before === undefined || found === undefined || !isAsLeft(found, before)) {
      if (before !== undefined) {
        metrics.rulesRepaired.inc();
        deps.logger.warn({ found: found ?? 'no table' }, 'the rules were changed by somebody else; put right');
      }
      const { layout } = await nft.loadWhole(renderWhole(ruleset, podInterfaces));
      left = { ruleset, layout };
      return true;
    }
    const text = renderChange(before.ruleset, ruleset);
    if (text === '') return false;
    await nft.load(text);
    left = { ...before, ruleset };
    return true;
  };

  return createController({
    name: 'masquerade',
    clock: deps.clock,
    logger: deps.logger,
    watches: [watchOf(configs, () => [KEY])],
    // Also without a ConfigMap, for which no change is ever told.
    sources: [
      (enqueue) => {
        deps.exemptPods.onChange(() => enqueue(KEY));
        enqueue(KEY);
      },
    ],
    reconcile: async (_key, { log }) => {
      inForce = await wanted();
      // Before the rules that mark packets: without it a marked one would take the Pod's way with the node's address.
      const mended = await deps.markRule.ensure();
      if (mended && left !== undefined) {
        metrics.rulesRepaired.inc();
        log.warn({}, 'the policy rule was changed by somebody else; put right');
      }
      if (await apply(inForce.ruleset)) {
        metrics.rulesChanged.inc();
        log.info({ ...inForce.ruleset }, 'rules are loaded');
      }
      return { requeueAfterMs: inForce.resyncIntervalMs };
    },
  });
}

/** The elements are held against what they ought to be, not against an earlier listing: nobody's can pass for ours. */
const isAsLeft = (found: MasqTable, { ruleset, layout }: Left): boolean =>
  found.layout === layout && found.ruleset !== undefined && isSameRuleset(found.ruleset, ruleset);

const singleSources = (ruleset: MasqRuleset | undefined): readonly string[] =>
  [...(ruleset?.['nonmasq-src-4'] ?? []), ...(ruleset?.['nonmasq-src-6'] ?? [])].filter(isSingleCidr);
