// What ip-masq-agent counts, in the text format of Prometheus; every figure is there from the start.
import { Counter, Gauge, Registry } from 'prom-client';

export interface MasqMetrics {
  readonly registry: Registry;
  /** 1: the newest configuration is in force; 0: it is refused, and an older one is. */
  readonly configValid: Gauge;
  /** Times that the rules were not as they were left, and were put right. */
  readonly rulesRepaired: Counter;
  /** Changes of the rules that the kernel took. */
  readonly rulesChanged: Counter;
}

export function createMasqMetrics(): MasqMetrics {
  const registry = new Registry();
  const registers = [registry];
  const metrics = {
    registry,
    configValid: new Gauge({
      name: 'ip_masq_agent_config_valid',
      help: '1 while the newest configuration is in force, 0 while it is refused.',
      registers,
    }),
    rulesRepaired: new Counter({
      name: 'ip_masq_agent_rules_repaired_total',
      help: 'Times that the rules were found changed by somebody else and put right.',
      registers,
    }),
    rulesChanged: new Counter({
      name: 'ip_masq_agent_rules_changed_total',
      help: 'Changes of the rules that followed a configuration.',
      registers,
    }),
  };
  metrics.configValid.set(1);
  return metrics;
}
