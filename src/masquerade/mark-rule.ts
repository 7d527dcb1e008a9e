// The policy rule by which packets that leave with the node's address take the node's own way.
import { createPolicyRule, type PolicyRule } from '../node-network/policy-rule.ts';
import { createTool, type Tool } from '../node-network/run-tool.ts';
import { masqErrors } from './errors.ts';
import { MARK_RULE } from './ruleset.ts';

const refused = masqErrors.kernelRefused;

/** `tool`: how iproute2 is run; by default in the namespace of this program. Its methods throw MASQ-KERNEL-REFUSED. */
export const createMarkRule = (tool: Tool = createTool({ refused })): PolicyRule =>
  createPolicyRule(MARK_RULE, { tool, refused });
