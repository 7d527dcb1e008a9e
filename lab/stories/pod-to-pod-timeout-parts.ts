// What the steps of document 003 share: its two Pods, curl, groups made by hand and given to a node.
import { z } from 'zod';
import { nodeEniConfigs } from '../../src/api/node-eni-config.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { EndpointSlice } from '../../src/diagnose/picture/picture.ts';
import type { Pod } from '../../src/kube/resources.ts';
import type { Resource } from '../../src/kube/types.ts';
import { VPC } from '../layout.ts';
import type { LabNode } from '../nodes.ts';
import { waitForObjects } from '../wait.ts';
import { printedGroups } from './document-commands.ts';
import { groupsReported } from './node-eni-groups.ts';
import type { StoryContext } from './story.ts';
import { execIn } from './super-node-pods.ts';

export const NAMESPACE = 'default';
/** The Service in front of B, made for the causes that have one. */
export const SERVICE = 'web';
/** curl's exit codes (curl(1), EXIT CODES). */
export const CURL = { answers: 0, noSuchName: 6, refused: 7, timedOut: 28 } as const;

const LOOK_AGAIN_MS = 200;
const IN_A_ROW = 3;

/** Nodes A and B, and whether terraform made them. */
export interface Nodes {
  readonly a: LabNode;
  readonly b: LabNode;
  readonly terraform: boolean;
}

/** The Pod of each Deployment, running. */
export async function bothPods({ lab }: StoryContext): Promise<{ readonly a: Pod; readonly b: Pod }> {
  const [a] = await lab.runningPods(NAMESPACE, 'app=my-app1', 1);
  const [b] = await lab.runningPods(NAMESPACE, 'app=my-app2', 1);
  if (a === undefined || b === undefined) throw new Error('the Deployments have no Pods');
  return { a, b };
}

/** curl's exit code, from Pod A; words as `b:80` stand for the Pod's address. */
export async function curl(context: StoryContext, from: Pod, url: string): Promise<number> {
  const limits = ['--silent', '--show-error', '--noproxy', '*', '--connect-timeout', '3', '--max-time', '15'];
  return (await execIn(context, from, 'curl', ...limits, `http://${url}/`)).code;
}

/**
 * Until curl has ended so three times in a row, since nobody tells when a service proxy or ip-masq-agent has heard of a change, and what is
 * on its way out may answer once more. Throws after a minute.
 */
export async function untilCurl(context: StoryContext, from: Pod, url: string, code: number): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  for (let row = 0; row < IN_A_ROW; ) {
    const seen = await curl(context, from, url);
    row = seen === code ? row + 1 : 0;
    if (limit.aborted) throw new Error(`curl ${url} still exits ${seen}, not ${code}`);
    await systemClock.sleep(LOOK_AGAIN_MS);
  }
}

const endpointSlices: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

/** Once the endpoints of the Service have this port; undefined: once there are none. */
export async function servicePort({ lab }: StoryContext, service: string, port: number | undefined): Promise<void> {
  await waitForObjects(
    lab.client,
    endpointSlices,
    (all) => {
      const own = all.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service);
      const found = own.flatMap(({ ports, endpoints }) => (endpoints ?? []).map(() => ports?.[0]?.port));
      return port === undefined ? found.length === 0 : found.includes(port);
    },
    { namespace: NAMESPACE, what: `endpoints of ${service} ${port === undefined ? 'to go' : `with port ${port}`}` },
  );
}

/** A group with these rules, in the API's own words. */
export async function makeGroup(
  { lab }: StoryContext,
  name: string,
  rules: { readonly ingress?: readonly object[]; readonly egress?: readonly object[] },
): Promise<string> {
  const made = await lab.cloud.call('vpc', 'CreateSecurityGroupWithPolicies', {
    GroupName: name,
    GroupDescription: name,
    SecurityGroupPolicySet: { Ingress: rules.ingress ?? [], Egress: rules.egress ?? [] },
  });
  return z.object({ SecurityGroup: z.object({ SecurityGroupId: z.string() }) }).parse(made).SecurityGroup
    .SecurityGroupId;
}

export const ANY_OUT = { Protocol: 'ALL', Port: 'ALL', CidrBlock: '0.0.0.0/0', Action: 'ACCEPT' } as const;
export const FROM_VPC = { Protocol: 'ALL', Port: 'ALL', CidrBlock: VPC.cidr, Action: 'ACCEPT' } as const;

/** `kubectl edit nec NODE`: these groups instead of those that are there; resolves once the cloud has them. */
export async function giveGroups(context: StoryContext, node: LabNode, groups: readonly string[]): Promise<void> {
  const { lab, kubectl, expect } = context;
  const before = await printedGroups(context, node);
  const [first, ...others] = before;
  const [only] = groups;
  if (kubectl.kind === 'present' && first !== undefined && only !== undefined && groups.length === 1) {
    const gone = others.map((id) => `/- ${id}$/d`);
    const { code, stderr } = await kubectl.edit([...gone, `s/- ${first}$/- ${only}/`].join(';'), 'nec', node.name);
    expect(`exit code of kubectl edit nec (${stderr.trim()})`, code, 0);
  } else {
    const body = { spec: { securityGroups: groups } };
    await lab.client.patch(nodeEniConfigs, node.name, { type: 'merge', body });
  }
  await groupsReported(lab, node, groups);
}
