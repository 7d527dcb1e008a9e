// The webhook as a whole over real TLS: trusted through the configurations, hot certificates, refusals instead of guesses.
import https from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { securityGroupPolicies } from '../api/security-group-policy.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import {
  configMaps,
  leases,
  mutatingWebhookConfigurations,
  secrets,
  validatingWebhookConfigurations,
} from '../kube/resources.ts';
import type { KubeObject, Resource } from '../kube/types.ts';
import { CERTIFICATE_SECRET } from './certificate-secret.ts';
import { runWebhook } from './program.ts';
import { type AwaitedLog, createAwaitedLog } from './testing/awaited-log.ts';
import { createMemoryCluster, type MemoryCluster } from './testing/memory-cluster.ts';

const NAMESPACE = 'tke-eni-ip-webhook';
const NAME = 'add-pod-eni-ip-limit-webhook';
const DAY_MS = 86_400_000;

interface Running {
  readonly cluster: MemoryCluster;
  readonly port: number;
  readonly log: AwaitedLog;
  /** Moves the clock that certificates are judged by. */
  shift(ms: number): void;
}

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const configuration = (resource: Resource): KubeObject =>
  ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: resource.kind,
    metadata: { name: NAME },
    webhooks: [{ name: 'a.example.com', clientConfig: { service: { name: NAME, namespace: NAMESPACE } } }],
  }) as KubeObject;

async function start(
  lives = { authorityLifeMs: 3650 * DAY_MS, leafLifeMs: 365 * DAY_MS },
  startOffsetMs = 0,
): Promise<Running> {
  const cluster = createMemoryCluster();
  cluster.put(mutatingWebhookConfigurations, configuration(mutatingWebhookConfigurations));
  cluster.put(validatingWebhookConfigurations, configuration(validatingWebhookConfigurations));
  cluster.put(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'tke-eni-ipamd', namespace: 'kube-system' },
    data: { 'vpcCni.trunkingEni.enableSubEni': 'true' },
  } as KubeObject);
  cluster.put(securityGroupPolicies, {
    apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
    kind: 'SecurityGroupPolicy',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { podSelector: { matchLabels: { app: 'my-app' } }, securityGroups: { groupIds: ['sg-xxxxyyyy'] } },
  } as KubeObject);
  let offsetMs = startOffsetMs;
  const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + offsetMs) };
  const stop = new AbortController();
  const log = createAwaitedLog();
  const listening = Promise.withResolvers<number>();
  const ended = runWebhook({
    client: cluster.client,
    clock,
    logger: log.logger,
    listen: { host: '127.0.0.1', port: 0 },
    identity: 'replica1',
    serviceName: NAME,
    serviceNamespace: NAMESPACE,
    servingNames: ['127.0.0.1'],
    lives,
    signal: stop.signal,
    onListening: listening.resolve,
  });
  stops.push(async () => {
    stop.abort();
    await ended;
  });
  const port = await Promise.race([listening.promise, ended.then(() => Promise.reject(new Error('ended')))]);
  return { cluster, port, log, shift: (ms) => (offsetMs += ms) };
}

const trusted = ({ cluster }: Running): string => {
  const object = cluster.read(mutatingWebhookConfigurations, NAME) as KubeObject & {
    webhooks: { clientConfig: { caBundle: string } }[];
  };
  return Buffer.from(object.webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString('utf8');
};

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly fingerprint: string;
}

/** As the API server calls: trusting the bundle alone, by the Service's name. */
function call(running: Running, method: string, path: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      {
        host: '127.0.0.1',
        port: running.port,
        method,
        path,
        ca: trusted(running),
        servername: `${NAME}.${NAMESPACE}.svc`,
        agent: false,
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
            fingerprint: fingerprint256,
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const review = (object: unknown): unknown => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'r-1',
    operation: 'CREATE',
    namespace: 'shop',
    object,
    oldObject: null,
    userInfo: { username: 'alice' },
  },
});

const matchingPod = {
  metadata: { generateName: 'web-', labels: { app: 'my-app' }, annotations: null },
  spec: { containers: [{ name: 'nginx' }] },
};

describe('the webhook', () => {
  it('is trusted through the configurations and answers a review with the marks of the Pod', async () => {
    const running = await start();
    const { status, body } = await call(running, 'POST', '/add-pod-eni-ip-limit', review(matchingPod));
    expect(status).toBe(200);
    const { response } = JSON.parse(body) as {
      response: { uid: string; allowed: boolean; patchType: string; patch: string };
    };
    expect(response).toMatchObject({ uid: 'r-1', allowed: true, patchType: 'JSONPatch' });
    const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString('utf8')) as {
      path: string;
      value: unknown;
    }[];
    expect(patch.find(({ path }) => path.endsWith('~1security-group-id'))?.value).toBe('sg-xxxxyyyy');
    expect(patch.find(({ path }) => path.endsWith('/limits'))?.value).toEqual({ 'tke.cloud.tencent.com/sub-eni': '1' });
  });

  it('logs in the documented words that a Pod of another default network gets nothing', async () => {
    const running = await start();
    running.cluster.put(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'tke-cni-agent-conf', namespace: 'kube-system' },
      data: { '00-multus.conf': '{"defaultDelegates":"tke-bridge"}' },
    } as KubeObject);
    const line =
      "pod shop/db-1 doesn't contain annotation tke.cloud.tencent.com/networks and default cni is tke-bridge. Nothing to patch";
    const pod = { metadata: { name: 'db-1' }, spec: { containers: [{ name: 'db' }] } };
    const { body } = await call(running, 'POST', '/add-pod-eni-ip-limit', review(pod));
    expect(JSON.parse(body)).toMatchObject({ response: { allowed: true } });
    await running.log.seen(line);
  });

  it('refuses a policy without a selector over the wire', async () => {
    const answer = await call(
      await start(),
      'POST',
      '/validate-securitygrouppolicy',
      review({ spec: { securityGroups: { groupIds: ['sg-xxxxyyyy'] } } }),
    );
    expect(JSON.parse(answer.body)).toMatchObject({
      response: { allowed: false, status: { code: 422, reason: 'Invalid' } },
    });
  });

  it('refuses what is no AdmissionReview', async () => {
    expect((await call(await start(), 'POST', '/add-pod-eni-ip-limit', { kind: 'Pod' })).status).toBe(400);
  });

  it('decides by a policy that it let pass although its watch is silent', async () => {
    const running = await start();
    running.cluster.pauseWatches(securityGroupPolicies);
    const policy = {
      metadata: { name: 'late', namespace: 'shop', uid: 'uid-late', generation: 1 },
      spec: { podSelector: { matchLabels: { app: 'late' } }, securityGroups: { groupIds: ['sg-aaaaaaaa'] } },
    };
    await call(running, 'POST', '/validate-securitygrouppolicy', review(policy));
    running.cluster.put(securityGroupPolicies, {
      ...policy,
      apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
      kind: 'SecurityGroupPolicy',
    } as KubeObject);
    const pod = { metadata: { name: 'late-1', labels: { app: 'late' } }, spec: { containers: [{ name: 'main' }] } };
    const { body } = await call(running, 'POST', '/add-pod-eni-ip-limit', review(pod));
    const { patch } = (JSON.parse(body) as { response: { patch: string } }).response;
    expect(Buffer.from(patch, 'base64').toString('utf8')).toContain('"sg-aaaaaaaa"');
  });

  it('tells the other replicas of a policy over their shared trust, and stores none while one does not answer', async () => {
    const running = await start();
    const policy = {
      metadata: { name: 'web' },
      spec: { podSelector: {}, securityGroups: { groupIds: ['sg-xxxxyyyy'] } },
    };
    const write = async (): Promise<unknown> =>
      JSON.parse((await call(running, 'POST', '/validate-securitygrouppolicy', review(policy))).body);
    // The same server under another name stands for another replica.
    const other = (url: string): void =>
      running.cluster.put(leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name: `${NAME}-other`,
          namespace: NAMESPACE,
          annotations: { 'tke.cloud.tencent.com/webhook-url': url },
        },
      });
    other(`https://localhost:${running.port}`);
    expect(await write()).toMatchObject({ response: { allowed: true } });
    const deaf = createServer((socket) => socket.destroy());
    const { promise, resolve } = Promise.withResolvers<void>();
    deaf.listen(0, '127.0.0.1', resolve);
    await promise;
    stops.push(() => new Promise((done) => void deaf.close(() => done())));
    other(`https://127.0.0.1:${(deaf.address() as AddressInfo).port}`);
    expect(await write()).toMatchObject({
      response: { allowed: false, status: { code: 503, message: expect.stringContaining(`${NAME}-other`) as string } },
    });
  });

  it('hears nothing from whoever does not know the word of the replicas', async () => {
    const change = { namespace: 'shop', name: 'web', uid: '', generation: 1 };
    expect((await call(await start(), 'POST', '/expect-policy-change', change)).status).toBe(403);
  });

  it('says that it is alive and ready', async () => {
    const running = await start();
    expect([(await call(running, 'GET', '/healthz')).status, (await call(running, 'GET', '/readyz')).status]).toEqual([
      200, 200,
    ]);
  });

  it('serves a renewed certificate without a restart', async () => {
    const running = await start({ authorityLifeMs: 3650 * DAY_MS, leafLifeMs: 3 * DAY_MS }, -2.5 * DAY_MS);
    const before = await call(running, 'GET', '/healthz');
    running.shift(2.5 * DAY_MS);
    // Any change of the Secret makes the controller look; so does its timer, which no test waits for.
    const secret = running.cluster.read(secrets, `${NAMESPACE}/${CERTIFICATE_SECRET}`);
    running.cluster.put(secrets, secret ?? ({} as KubeObject));
    await running.log.seen('server certificate is in use', 2);
    const after = await call(running, 'GET', '/healthz');
    expect(after.fingerprint).not.toBe(before.fingerprint);
  });

  it('puts its trust back when somebody applies the configuration without it', async () => {
    const running = await start();
    await running.log.seen('webhook configurations trust the current authority');
    running.cluster.put(mutatingWebhookConfigurations, configuration(mutatingWebhookConfigurations));
    await running.log.seen('webhook configurations trust the current authority', 2);
    expect((await call(running, 'GET', '/healthz')).status).toBe(200);
  });
});
