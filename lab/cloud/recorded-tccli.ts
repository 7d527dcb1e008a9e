// The eleven tccli lines of document 001, run by the real tccli where there is one and otherwise replayed as it was recorded.
import { execFile, execFileSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { promisify } from 'node:util';
import { z } from 'zod';

import type { Cloud } from './cloud.ts';

export interface TccliLine {
  readonly service: 'vpc' | 'tke';
  readonly action: string;
  /** The words after the action, as the document writes them. */
  readonly options: readonly string[];
  /** The bytes that tccli sends for them (facts, section 6). */
  readonly body: string;
  /** The path of `--filter`, when the line has one. */
  readonly filter?: string;
}

export interface TccliResult {
  /** What the command prints: the answer without its envelope, or what the filter finds as JSON; nothing for null. */
  readonly stdout: string;
  /** Of a replay: what the server sent besides. */
  readonly headers?: IncomingHttpHeaders;
}

const UNFOLD = '--cli-unfold-argument';
const rule = (group: string, direction: string, parts: Readonly<Record<string, string>>) => ({
  options: [
    UNFOLD,
    '--SecurityGroupId',
    group,
    ...Object.entries(parts).flatMap(([name, value]) => [`--SecurityGroupPolicySet.${direction}.0.${name}`, value]),
  ],
  body: `{"SecurityGroupId": "${group}", "SecurityGroupPolicySet": {"${direction}": [{${Object.entries(parts)
    .map(([name, value]) => `"${name}": "${value}"`)
    .join(', ')}}]}}`,
});
const dns = (cluster: string, pod: string, Protocol: string) =>
  rule(cluster, 'Ingress', { Protocol, Port: '53', SecurityGroupId: pod, Action: 'ACCEPT' });
const groupNamed = (name: string): TccliLine => ({
  service: 'vpc',
  action: 'DescribeSecurityGroups',
  options: [UNFOLD, '--Filters.0.Name', 'security-group-name', '--Filters.0.Values', name],
  body: `{"Filters": [{"Name": "security-group-name", "Values": ["${name}"]}]}`,
  filter: 'SecurityGroupSet[0].SecurityGroupId',
});
const policies = (action: string, parts: Pick<TccliLine, 'options' | 'body'>): TccliLine => ({
  service: 'vpc',
  action,
  ...parts,
});

/** The lines in the document's order; the ids are what its shell variables hold by then. */
export const documentLines = {
  vpcOfCluster: (cluster: string): TccliLine => ({
    service: 'tke',
    action: 'DescribeClusters',
    options: [UNFOLD, '--ClusterIds', cluster],
    body: `{"ClusterIds": ["${cluster}"]}`,
    filter: 'Clusters[0].ClusterNetworkSettings.VpcId',
  }),
  clusterGroup: (cluster: string): TccliLine => groupNamed(`tke-worker-security-for-${cluster}`),
  createGroup: (): TccliLine => ({
    service: 'vpc',
    action: 'CreateSecurityGroup',
    options: ['--GroupName', 'my-pod-security-group', '--GroupDescription', 'My pod security group'],
    body: '{"GroupName": "my-pod-security-group", "GroupDescription": "My pod security group"}',
  }),
  podGroup: (): TccliLine => groupNamed('my-pod-security-group'),
  allowDns: (cluster: string, pod: string, protocol: 'UDP' | 'TCP'): TccliLine =>
    policies('CreateSecurityGroupPolicies', dns(cluster, pod, protocol)),
  allowPods: (pod: string): TccliLine =>
    policies(
      'CreateSecurityGroupPolicies',
      rule(pod, 'Ingress', { Protocol: 'ALL', Port: 'ALL', SecurityGroupId: pod, Action: 'ACCEPT' }),
    ),
  allowOut: (pod: string): TccliLine =>
    policies('CreateSecurityGroupPolicies', rule(pod, 'Egress', { Protocol: 'ALL', Port: 'ALL', Action: 'ACCEPT' })),
  forbidDns: (cluster: string, pod: string, protocol: 'UDP' | 'TCP'): TccliLine =>
    policies('DeleteSecurityGroupPolicies', dns(cluster, pod, protocol)),
  deleteGroup: (pod: string): TccliLine => ({
    service: 'vpc',
    action: 'DeleteSecurityGroup',
    options: [UNFOLD, '--SecurityGroupId', pod],
    body: `{"SecurityGroupId": "${pod}"}`,
  }),
} as const;

/** Whether a tccli is on the PATH. */
export function hasTccli(): boolean {
  try {
    execFileSync('tccli', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs one line with the real tccli; rejects when it exits with anything but 0. */
export async function runTccli(cloud: Cloud, line: TccliLine): Promise<TccliResult> {
  const filter = line.filter === undefined ? [] : ['--filter', line.filter];
  const words = [line.service, line.action, ...line.options, ...filter, '--endpoint', cloud.endpoint];
  const settings = [
    `TENCENTCLOUD_SECRET_ID=${cloud.secretId}`,
    `TENCENTCLOUD_SECRET_KEY=${cloud.secretKey}`,
    `TENCENTCLOUD_REGION=${cloud.region}`,
  ];
  return { stdout: (await promisify(execFile)('env', [...settings, 'tccli', ...words])).stdout.trim() };
}

/** Sends the recorded bytes and headers of the line, freshly signed. Rejects with `CODE: text` for an answer that is an error. */
export async function replayTccli(cloud: Cloud, line: TccliLine, now: Date): Promise<TccliResult> {
  const { status, headers, text } = await post(cloud, recordedHeaders(cloud, line, now), line.body);
  if (status !== 200) throw new Error(`status ${status}`);
  const { Response } = z.object({ Response: z.record(z.string(), z.unknown()) }).parse(JSON.parse(text));
  const error = z.object({ Code: z.string(), Message: z.string() }).safeParse(Response['Error']).data;
  if (error !== undefined) throw new Error(`${error.Code}: ${error.Message}`);
  const found = line.filter === undefined ? Response : search(Response, line.filter);
  return { stdout: found === null ? '' : JSON.stringify(found), headers };
}

/** As tccli 3.1.155.1 sends them, in its order: the scheme stands in Host (facts, sections 1.4 and 3.1). */
function recordedHeaders(cloud: Cloud, line: TccliLine, now: Date): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return {
    'User-Agent': 'python-requests/2.34.2',
    'Accept-Encoding': 'gzip, deflate',
    Accept: '*/*',
    Connection: 'keep-alive',
    'Content-Type': 'application/json',
    Host: cloud.endpoint,
    'X-TC-Action': line.action,
    'X-TC-RequestClient': 'SDK_PYTHON_3.1.162; _CLI_3.1.155.1',
    'X-TC-Timestamp': timestamp,
    'X-TC-Version': line.service === 'tke' ? '2018-05-25' : '2017-03-12',
    'X-TC-Region': cloud.region,
    'X-TC-Language': 'zh-CN',
    'X-TC-TraceId': '0d6dbb4c-6c2f-4a56-9d0e-2f8b1f6a7c11',
    Authorization: sign(cloud, line, timestamp),
    'Content-Length': String(Buffer.byteLength(line.body)),
  };
}

function sign(cloud: Cloud, line: TccliLine, timestamp: string): string {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const date = new Date(Number(timestamp) * 1000).toISOString().slice(0, 10);
  const scope = [date, line.service, 'tc3_request'];
  const canonical = [
    'POST',
    '/',
    '',
    'content-type:application/json',
    `host:${cloud.endpoint}`,
    '',
    'content-type;host',
  ];
  const toSign = ['TC3-HMAC-SHA256', timestamp, scope.join('/'), hash([...canonical, hash(line.body)].join('\n'))];
  const key = scope.reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `TC3${cloud.secretKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign.join('\n')).digest('hex');
  return `TC3-HMAC-SHA256 Credential=${cloud.secretId}/${scope.join('/')}, SignedHeaders=content-type;host, Signature=${signature}`;
}

function post(
  cloud: Cloud,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const target = { host: '127.0.0.1', port: cloud.port, method: 'POST', path: '/', agent: false, headers };
    const sent = httpRequest(target, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The part of JMESPath that the document uses: names, dots and indexes; null where nothing is. */
function search(value: unknown, path: string): unknown {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
  return (
    steps.reduce<unknown>(
      (at, step) =>
        at !== null && typeof at === 'object' && Object.hasOwn(at, step) ? (at as Record<string, unknown>)[step] : null,
      value,
    ) ?? null
  );
}
