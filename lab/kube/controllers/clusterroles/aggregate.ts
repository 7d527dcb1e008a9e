// Fills in aggregated ClusterRoles: their rules are those of every role that their selectors choose.
import { isDeepStrictEqual } from 'node:util';
import { createController, watchOf } from '../../../../src/kube/controller.ts';
import type { LabelSelector } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { clusterRoles } from '../views.ts';
import type { ClusterRole } from '../views.ts';

const MANAGER = 'clusterrole-aggregation-controller';

/** Source: pkg/controller/clusterroleaggregation of Kubernetes. */
export function createClusterRoleController({ client, clock, logger, informers }: ControllerDeps): Controller {
  const aggregated = (): string[] =>
    informers.clusterRoles
      .list()
      .filter((role) => role.aggregationRule != null)
      .map((role) => role.metadata.name);
  return createController({
    name: 'clusterrole-aggregation',
    clock,
    logger,
    // Whatever changed may be chosen by any of them.
    watches: [watchOf(informers.clusterRoles, aggregated)],
    reconcile: async (name) => {
      const role = informers.clusterRoles.get(name);
      if (role?.aggregationRule == null) return;
      const rules = gatheredRules(role, informers.clusterRoles.list());
      if (isDeepStrictEqual(rules, role.rules ?? [])) return;
      const body = { apiVersion: role.apiVersion, kind: role.kind, metadata: { name }, rules };
      await client.patch(clusterRoles, name, { type: 'apply', body, force: true }, { fieldManager: MANAGER });
    },
  });
}

/** Each rule once, in the order of the names of the roles that bring it, one selector after the other. */
export function gatheredRules(role: ClusterRole, all: readonly ClusterRole[]): unknown[] {
  const byName = [...all].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
  const rules: unknown[] = [];
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? [])
    for (const source of byName.filter((each) => each.metadata.name !== role.metadata.name && matches(selector, each)))
      for (const rule of source.rules ?? [])
        if (!rules.some((known) => isDeepStrictEqual(known, rule))) rules.push(rule);
  return rules;
}

function matches(selector: LabelSelector, { metadata }: ClusterRole): boolean {
  const labels = metadata.labels ?? {};
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    equal &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const actual = labels[key];
      switch (operator) {
        case 'In':
          return actual !== undefined && values.includes(actual);
        case 'NotIn':
          return actual === undefined || !values.includes(actual);
        case 'Exists':
          return actual !== undefined;
        case 'DoesNotExist':
          return actual === undefined;
      }
    })
  );
}
