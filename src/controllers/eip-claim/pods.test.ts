// Which Pods may not have an EIP whatever they ask for.
import { expect, it } from 'vitest';
import { annotations, networks } from '../../api/keys.ts';
import type { IpamdDeps } from '../deps.ts';
import { askedBy, type EipPod } from './pods.ts';

const deps = (version: string, ipMode: string): IpamdDeps =>
  ({ version, settings: { current: () => ({ 'vpcCni.ipMode': ipMode }) } }) as unknown as IpamdDeps;
const pod = (marks: Record<string, string>, requestsExclusive = false): EipPod =>
  ({ key: 'default/web-0', uid: 'u', superNode: false, marks, pod: { requestsExclusive } }) as unknown as EipPod;
const create = { [annotations.eipAttributes]: '' };
const exclusive = { ...create, [annotations.networks]: networks.directEni };

it.each([
  ['v3.3.8', 'dynamic', pod(exclusive), /EIP in exclusive ENI, non-static mode needs add-on version 3\.3\.9 or newer/],
  ['v3.3.9', 'dynamic', pod(exclusive), /not served here/],
  ['v3.3.8', 'static', pod(exclusive), /not served here/],
  ['v3.6.0', 'dynamic', pod(create, true), /not served here/],
])(
  'at %s with %s addresses a Pod with an exclusive ENI is refused with the reason',
  async (version, mode, one, why) => {
    const asked = await askedBy(deps(version, mode), one, new AbortController().signal);
    expect(asked.ok ? 'served' : asked.problem).toMatch(why);
  },
);

it('a Pod with a shared address is not', async () => {
  expect((await askedBy(deps('v3.3.8', 'dynamic'), pod(create), new AbortController().signal)).ok).toBe(true);
});
