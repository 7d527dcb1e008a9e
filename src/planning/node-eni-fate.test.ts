// The ends of a node's ENI as one table.
import { describe, expect, it } from 'vitest';
import { type NodeEniFacts, planNodeEniFate } from './node-eni-fate.ts';

const base: NodeEniFacts = {
  nodeName: 'n1',
  node: 'present',
  disabled: false,
  madeFor: 'ins-1',
  nodeInstance: 'ins-1',
  instance: 'unknown',
  deleted: false,
  subEnis: 0,
  addresses: 5,
  pods: 2,
};

describe('planNodeEniFate', () => {
  it.each<[string, Partial<NodeEniFacts>, string]>([
    ['a node that runs keeps it', {}, 'keep'],
    ['so does one whose instance is known to run', { instance: 'running' }, 'keep'],
    ['a node that is gone waits for its Pods', { node: 'gone' }, 'wait'],
    ['a node that is gone without Pods lets it go', { node: 'gone', pods: 0 }, 'remove'],
    ['a node that is gone with its instance does not wait', { node: 'gone', instance: 'gone' }, 'remove'],
    ['a node that is gone on a stopped instance does not wait', { node: 'gone', instance: 'stopped' }, 'remove'],
    ['a trunk waits for its sub-ENIs', { node: 'gone', pods: 0, subEnis: 1 }, 'wait'],
    ['the annotation stops everything', { disabled: true, instance: 'stopped', deleted: true }, 'leave'],
    ['but not the end of a node', { disabled: true, node: 'gone', pods: 0 }, 'remove'],
    ['another instance under the same name', { nodeInstance: 'ins-2' }, 'remove'],
    ['a node whose instance is not told yet keeps it', { nodeInstance: undefined }, 'keep'],
    ['an ENI of before the field keeps its node', { madeFor: undefined }, 'keep'],
    ['an instance that was returned', { instance: 'gone' }, 'remove'],
    ['an instance that is shut down', { instance: 'stopped' }, 'unbind'],
    ['a trunk with sub-ENIs stays bound to a stopped instance', { instance: 'stopped', subEnis: 1 }, 'keep'],
    ['a deleted one waits for its addresses', { deleted: true }, 'wait'],
    ['a deleted one without addresses goes', { deleted: true, addresses: 0 }, 'remove'],
    ['a deleted trunk with sub-ENIs waits', { deleted: true, addresses: 0, subEnis: 1 }, 'wait'],
  ])('%s', (_, change, fate) => {
    expect(planNodeEniFate({ ...base, ...change }).kind).toBe(fate);
  });
});
