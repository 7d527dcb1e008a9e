// The causes that document 003 does not speak of, each broken by hand, found by `trunkline trace`, and mended by what that printed.
import type { CauseCode, TraceVerdict } from '../../src/diagnose/trace/trace.ts';
import { deployments, pods, services } from '../../src/kube/resources.ts';
import { applyObject } from '../install.ts';
import { NODE_GROUP } from '../layout.ts';
import { waitForObjects } from '../wait.ts';
import type { Desk } from './pod-to-pod-timeout-desk.ts';
import { edgeCauses } from './pod-to-pod-timeout-edge.ts';
import {
  ANY_OUT,
  bothPods,
  CURL,
  curl,
  FROM_VPC,
  giveGroups,
  makeGroup,
  NAMESPACE,
  type Nodes,
  SERVICE,
  servicePort,
  untilCurl,
} from './pod-to-pod-timeout-parts.ts';
import { strictCauses } from './pod-to-pod-timeout-strict.ts';
import type { StoryContext } from './story.ts';

/** One way in which a connection goes wrong. */
export interface BrokenWay {
  readonly title: string;
  /** By hand, as it happens to people. */
  readonly breakIt: () => Promise<void>;
  /** curl's exit code, before and after. */
  readonly tryIt: () => Promise<number>;
  readonly broken: number;
  readonly ends: readonly [from: string, to: string];
  readonly verdict: TraceVerdict;
  readonly cause: CauseCode;
  /** Words that the cause must have. */
  readonly names?: () => readonly string[];
  /** Until what the command began is done. */
  readonly settled?: () => Promise<void>;
}

/** Broken, tried, found, mended by the very command, tried again. */
export async function findAndMend(context: StoryContext, desk: Desk, way: BrokenWay): Promise<void> {
  const { step, expect } = context;
  const [from, to] = way.ends;
  const { found } = await step(`${way.title}: trunkline trace ${from} ${to} says ${way.cause}`, async () => {
    await way.breakIt();
    expect('exit code of curl', await way.tryIt(), way.broken);
    const seen = await desk.trace(from, to);
    expect('exit code, verdict and cause', [seen.code, seen.verdict, seen.cause], [1, way.verdict, way.cause]);
    for (const name of way.names?.() ?? []) expect(`it names ${name} (${seen.text})`, seen.text.includes(name), true);
    return { found: seen, seen: seen.text };
  });
  await step('the very command is run, and curl answers', async () => {
    const how = await desk.mend(found);
    await way.settled?.();
    expect('exit code of curl', await way.tryIt(), CURL.answers);
    const after = await desk.trace(from, to);
    expect('what trace says now', [after.code, after.verdict], [0, 'delivered']);
    return { seen: `${found.command} (${how})` };
  });
}

export async function otherCauses(context: StoryContext, desk: Desk, nodes: Nodes): Promise<void> {
  await sourceGroup(context, desk, nodes);
  const open = await makeGroup(context, 'open', { ingress: [FROM_VPC], egress: [ANY_OUT] });
  for (const node of [nodes.a, nodes.b]) await giveGroups(context, node, [open]);
  await serviceCauses(context, desk);
  await dnsClosed(context, desk);
  await strictCauses(context, desk, { nodes, open });
  await edgeCauses(context, desk, nodes);
}

async function sourceGroup(context: StoryContext, desk: Desk, nodes: Nodes): Promise<void> {
  const { a, b } = await bothPods(context);
  let group = '';
  await findAndMend(context, desk, {
    title: 'the group of A lets nothing out',
    breakIt: async () => {
      group = await makeGroup(context, 'no-way-out', { ingress: [FROM_VPC] });
      await giveGroups(context, nodes.a, [group]);
    },
    tryIt: () => curl(context, a, `${b.status?.podIP}`),
    broken: CURL.timedOut,
    ends: ['deploy/nginx-deployment', 'deploy/nginx-deployment2:80'],
    verdict: 'dropped',
    cause: 'SourceGroupBlocks',
    names: () => [group],
  });
}

async function serviceCauses(context: StoryContext, desk: Desk): Promise<void> {
  const { lab } = context;
  const { a } = await bothPods(context);
  await applyObject(lab.client, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: SERVICE, namespace: NAMESPACE },
    spec: { selector: { app: 'my-app2' }, ports: [{ port: 80, targetPort: 80 }] },
  } as never);
  const through = {
    tryIt: () => curl(context, a, SERVICE),
    ends: ['deploy/nginx-deployment', 'svc/web:80'],
  } as const;
  await findAndMend(context, desk, {
    ...through,
    title: 'nobody is behind the Service: its Deployment is scaled to 0',
    breakIt: async () => {
      const body = { spec: { replicas: 0 } };
      await lab.client.patch(deployments, 'nginx-deployment2', { type: 'merge', body }, { namespace: NAMESPACE });
      await waitForObjects(lab.client, pods, (all) => all.length === 0, {
        namespace: NAMESPACE,
        labelSelector: 'app=my-app2',
        what: 'the Pod of B to go',
      });
      await servicePort(context, SERVICE, undefined);
      await untilCurl(context, a, SERVICE, CURL.refused);
    },
    broken: CURL.refused,
    verdict: 'refused',
    cause: 'NoEndpoint',
    names: () => [`Service ${NAMESPACE}/${SERVICE}`, 'scaled to 0'],
    settled: async () => {
      await bothPods(context);
      await untilCurl(context, a, SERVICE, CURL.answers);
    },
  });
  await findAndMend(context, desk, {
    ...through,
    title: 'the Service sends to a port on which nobody listens: refused at once, not timed out',
    breakIt: async () => {
      const body = [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 8081 }];
      await lab.client.patch(services, SERVICE, { type: 'json', body }, { namespace: NAMESPACE });
      await servicePort(context, SERVICE, 8081);
      await untilCurl(context, a, SERVICE, CURL.refused);
    },
    broken: CURL.refused,
    verdict: 'refused',
    cause: 'WrongTargetPort',
    names: () => ['8081', '80'],
    settled: () => untilCurl(context, a, SERVICE, CURL.answers),
  });
}

/** Document 001, step 8, for any caller. */
async function dnsClosed(context: StoryContext, desk: Desk): Promise<void> {
  const { lab } = context;
  const { a } = await bothPods(context);
  const drop = { Protocol: 'UDP', Port: '53', CidrBlock: '0.0.0.0/0', Action: 'DROP' };
  const SecurityGroupId = NODE_GROUP.securityGroupId;
  await findAndMend(context, desk, {
    title: 'the group of the nodes lets no question in to the DNS',
    breakIt: async () => {
      const rules = { SecurityGroupPolicySet: { Ingress: [{ ...drop, PolicyIndex: 0 }] } };
      await lab.cloud.call('vpc', 'CreateSecurityGroupPolicies', { SecurityGroupId, ...rules });
    },
    // The name is what curl does not get past: its time for a connection counts from there.
    tryIt: () => curl(context, a, SERVICE),
    broken: CURL.timedOut,
    ends: ['deploy/nginx-deployment', 'svc/web:80'],
    verdict: 'dropped',
    cause: 'DnsClosed',
    names: () => [SecurityGroupId, 'coredns'],
  });
  await lab.cloud.call('vpc', 'DeleteSecurityGroupPolicies', {
    SecurityGroupId,
    SecurityGroupPolicySet: { Ingress: [drop] },
  });
}
