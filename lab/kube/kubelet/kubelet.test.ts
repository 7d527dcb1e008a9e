// The kubelet with a real lab host, a real API server and a CNI plugin of its own.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { nodes, secrets } from '../../../src/kube/resources.ts';
import { packetsPossible } from '../../host/testing/test-host.ts';
import { probeHost } from '../../host/probe.ts';
import { kubectlIsMissing } from '../apiserver/testing/kubectl.ts';
import { untilGone, untilObject } from '../testing/until-object.ts';
import { labPods } from './pod-view.ts';
import type { LabPod } from './pod-view.ts';
import { isReady, NAMESPACE, NODE, NODE_IP, POD_IP, startKubeletBench } from './testing/kubelet-bench.ts';
import type { KubeletBench } from './testing/kubelet-bench.ts';

const { possible, why } = packetsPossible(probeHost());
const noKubectl = kubectlIsMissing({ ci: process.env['CI'] !== undefined });

/** A container runs a moment before its program listens. */
const CURL = `curl -s --noproxy * --retry 20 --retry-connrefused --retry-delay 1 http://${POD_IP}/`.split(' ');

interface ContainerStatus {
  readonly restartCount: number;
  readonly state: {
    readonly waiting?: { readonly reason: string; readonly message?: string };
    readonly running?: object;
  };
  readonly lastState?: { readonly terminated?: { readonly exitCode: number } };
}

const statusOf = (pod: LabPod): ContainerStatus | undefined =>
  pod.status?.containerStatuses?.[0] as ContainerStatus | undefined;

describe.skipIf(!possible)(`the kubelet${why}`, () => {
  let bench: KubeletBench;
  const nginx = { containers: [{ name: 'web', image: 'nginx:1.27' }] };

  beforeAll(async () => {
    bench = await startKubeletBench();
    await bench.addPod('early', nginx);
    await bench.untilEvent('early', 'NetworkNotReady');
    // As ipamd does; the kubelet writes the node's status again when the network becomes ready.
    const published = { 'example.test/eni': '9' };
    await bench.client.patch(
      nodes,
      NODE,
      { type: 'merge', body: { status: { capacity: published, allocatable: published } } },
      { subresource: 'status' },
    );
    await bench.installCni();
  });
  afterAll(async () => await bench.close());

  /** The plugin's calls for a Pod: command, container id, whether the namespace was there. */
  const callsOf = async (name: string): Promise<string[][]> =>
    (await bench.onNode('cat /var/host/state/calls'))
      .split('\n')
      .filter((line) => line.includes(`K8S_POD_NAME=${name};`))
      .map((line) => line.split(' '));
  const netnsNames = async (): Promise<string[]> => (await bench.onNode('ls /run/netns')).split('\n').filter(Boolean);

  it('registers its node with what Pods and tools look for, and leaves resources that others publish', async () => {
    const node = await untilObject(
      bench.client,
      nodes,
      {},
      (each) => each.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    );
    expect(node.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': NODE,
      'node.kubernetes.io/instance-type': 'SA5.LARGE8',
      'topology.kubernetes.io/zone': 'zone-1',
      mine: 'yes',
    });
    expect(node.status?.allocatable).toEqual({ cpu: '4', memory: '8Gi', pods: '110', 'example.test/eni': '9' });
  });

  it('starts a Pod that waited for the network once the add-on has written its configuration', async () => {
    const pod = await bench.untilPod('early', isReady);
    expect(pod.status).toMatchObject({ phase: 'Running', podIP: POD_IP, hostIP: NODE_IP });
  });

  it('calls the plugin through the CNI protocol, with the previous result at DEL', async () => {
    await bench.addPod('protocol', nginx);
    const pod = await bench.untilPod('protocol', isReady);
    const [add] = await callsOf('protocol');
    expect(add?.slice(2)).toEqual([
      'there',
      'eth0',
      `IgnoreUnknown=1;K8S_POD_NAMESPACE=${NAMESPACE};K8S_POD_NAME=protocol;K8S_POD_INFRA_CONTAINER_ID=${add?.[1]};K8S_POD_UID=${pod.metadata.uid}`,
    ]);
    const given = { name: 'test', cniVersion: '1.0.0', type: 'test-cni', extra: 7 };
    expect(JSON.parse(await bench.onNode('cat /var/host/state/conf-ADD'))).toEqual(given);
    await bench.client.delete(labPods, 'protocol', { namespace: NAMESPACE });
    await untilGone(bench.client, labPods, 'protocol', NAMESPACE);
    expect(JSON.parse(await bench.onNode('cat /var/host/state/conf-DEL'))).toEqual({
      ...given,
      prevResult: { cniVersion: '1.0.0', ips: [{ address: `${POD_IP}/32` }] },
    });
  });

  it('runs a command in a container, in its network and with its files', async () => {
    const pod = await bench.untilPod('early', isReady);
    expect((await bench.kubelet.exec(pod, 'web', CURL)).stdout).toContain('<title>Welcome to nginx!</title>');
    const account = '/var/run/secrets/kubernetes.io/serviceaccount';
    const { stdout } = await bench.kubelet.exec(pod, 'web', [
      'sh',
      '-c',
      `cat ${account}/namespace; head -1 ${account}/ca.crt; wc -c < ${account}/token`,
    ]);
    expect(stdout).toMatch(/^default-----BEGIN CERTIFICATE-----\n\d{3,}\n$/);
    await expect(bench.kubelet.exec(pod, 'no-such', ['true'])).rejects.toThrow('"no-such"');
  });

  it('gives a container its environment and files, once the Secret it needs exists', async () => {
    await bench.addPod('configured', {
      volumes: [
        { name: 'keys', secret: { secretName: 'keys' } },
        { name: 'none', configMap: { name: 'absent', optional: true } },
      ],
      containers: [
        {
          name: 'c',
          image: 'busybox',
          env: [
            { name: 'MY_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'id' } } },
            { name: 'BOTH', value: '$(KEY)@$(MY_IP)' },
          ],
          command: ['sh', '-c', 'echo $(BOTH) > /tmp/both; exec sleep infinity'],
          volumeMounts: [
            { name: 'keys', mountPath: '/etc/keys' },
            { name: 'none', mountPath: '/etc/none' },
          ],
        },
      ],
    });
    expect((await bench.untilEvent('configured', 'FailedMount')).message).toContain('"keys"');
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', namespace: NAMESPACE } };
    await bench.client.create(secrets, { ...secret, data: { id: btoa('abc') } }, { namespace: NAMESPACE });
    const pod = await bench.untilPod('configured', isReady);
    const { stdout } = await bench.kubelet.exec(pod, 'c', [
      'sh',
      '-c',
      'cat /tmp/both /etc/keys/id; ls /etc/none; echo " $KUBERNETES_SERVICE_HOST"',
    ]);
    expect(stdout).toBe(`abc@${POD_IP}\nabc 10.96.0.1\n`);
  });

  it('repeats a failed ADD with a new container id and takes the failed attempt down, for the same Pod, which did not restart', async () => {
    await bench.onNode('touch /var/host/state/fail');
    const { metadata } = await bench.addPod('retried', nginx);
    const told = await bench.untilEvent('retried', 'FailedCreatePodSandBox');
    expect(told).toMatchObject({ type: 'Warning', message: expect.stringMatching(/code 11: no address yet/) });
    const ready = await bench.untilPod('retried', isReady);
    expect(ready.metadata.uid).toBe(metadata.uid);
    expect(ready.status?.containerStatuses).toMatchObject([{ restartCount: 0 }]);
    const calls = await callsOf('retried');
    const ids = calls.filter(([command]) => command === 'ADD').map(([, id]) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
    expect(calls.filter(([command]) => command === 'DEL').map(([, id]) => id)).toEqual([ids[0]]);
  });

  it('keeps the record of the network that works while it still takes an earlier attempt down', async () => {
    await bench.onNode('touch /var/host/state/fail /var/host/state/hold');
    await bench.addPod('recorded', nginx);
    const pod = await bench.untilPod('recorded', isReady);
    const uid = pod.metadata.uid ?? '';
    expect((await netnsNames()).filter((name) => name.includes(uid.slice(0, 13)))).toHaveLength(2);
    await bench.onNode('rm /var/host/state/hold');
    await bench.onNode(`until [ $(ls /run/netns | grep -c ${uid.slice(0, 13)}) -eq 1 ]; do sleep 0.05; done`);
    const record = await readFile(join(bench.stateDir, 'sandboxes', `${uid}.json`), 'utf8');
    expect(await netnsNames()).toContain(Reflect.get(JSON.parse(record), 'netns'));
  });

  it('starts a killed container again, at once the first time', async () => {
    await bench.addPod('killed', nginx);
    const pod = await bench.untilPod('killed', isReady);
    await bench.kubelet.signal(pod, 'web', 'SIGKILL');
    const back = await bench.untilPod('killed', (each) => isReady(each) && statusOf(each)?.restartCount === 1);
    expect(statusOf(back)?.lastState?.terminated?.exitCode).toBe(137);
    expect((await callsOf('killed')).map(([command]) => command)).toEqual(['ADD']);
  });

  it('takes the network down before the Pod leaves the API, and repeats a DEL that fails', async () => {
    await bench.addPod('leaving', nginx);
    await bench.untilPod('leaving', isReady);
    const before = await netnsNames();
    await bench.onNode('touch /var/host/state/hold');
    await bench.client.delete(labPods, 'leaving', { namespace: NAMESPACE });
    const told = await bench.untilEvent('leaving', 'FailedKillPod');
    expect(told.message).toContain('agent is away');
    expect(
      (await bench.client.get(labPods, 'leaving', { namespace: NAMESPACE })).metadata.deletionTimestamp,
    ).toBeDefined();
    expect(await netnsNames()).toEqual(before);
    await bench.onNode('rm /var/host/state/hold');
    await untilGone(bench.client, labPods, 'leaving', NAMESPACE);
    expect(await netnsNames()).toHaveLength(before.length - 1);
    const dels = (await callsOf('leaving')).filter(([command]) => command === 'DEL');
    expect(dels.length).toBeGreaterThan(1);
    expect(dels.every(([, , seen]) => seen === 'there')).toBe(true);
  });

  it('gives a process its grace to end before it is killed', async () => {
    const script =
      'trap "echo bye > /var/host/state/bye; exit 0" TERM; touch /var/host/state/armed; while :; do sleep 0.05; done';
    await bench.addPod('polite', {
      hostNetwork: true,
      volumes: [{ name: 'state', hostPath: { path: '/var/lib/cni' } }],
      containers: [
        {
          name: 'c',
          image: 'busybox',
          command: ['sh', '-c', script],
          volumeMounts: [{ name: 'state', mountPath: '/var/host/state' }],
        },
      ],
    });
    await bench.untilPod('polite', isReady);
    await bench.onNode('until [ -e /var/host/state/armed ]; do sleep 0.02; done');
    await bench.client.delete(labPods, 'polite', { namespace: NAMESPACE });
    await untilGone(bench.client, labPods, 'polite', NAMESPACE);
    expect(await bench.onNode('cat /var/host/state/bye')).toBe('bye\n');
  });

  it('is ready only after the readiness probe succeeded', async () => {
    await bench.addPod('probed', {
      hostNetwork: true,
      containers: [
        {
          name: 'c',
          image: 'busybox',
          command: ['sh', '-c', 'while [ ! -e /tmp/go ]; do sleep 0.05; done; exec busybox httpd -f -p 8080 -h /tmp'],
          readinessProbe: { httpGet: { path: '/go', port: 8080 }, periodSeconds: 1 },
        },
      ],
    });
    const pod = await bench.untilPod('probed', (each) => statusOf(each)?.state.running !== undefined);
    expect(isReady(pod)).toBe(false);
    await bench.kubelet.exec(pod, 'c', ['touch', '/tmp/go']);
    expect(isReady(await bench.untilPod('probed', isReady))).toBe(true);
  });

  it('names the images it knows when it is asked for another', async () => {
    await bench.addPod('foreign', { containers: [{ name: 'c', image: 'example/unknown:1' }] });
    const pod = await bench.untilPod('foreign', (each) => statusOf(each)?.state.waiting?.reason === 'ErrImagePull');
    expect(statusOf(pod)?.state.waiting?.message).toMatch(/example\/unknown:1.*curlimages\/curl.*nginx/);
  });

  it('reports a Pod whose containers all ended as Succeeded, with its network gone', async () => {
    await bench.addPod('job', {
      restartPolicy: 'Never',
      containers: [{ name: 'c', image: 'busybox', command: ['true'] }],
    });
    await bench.untilPod('job', (each) => each.status?.phase === 'Succeeded');
    // Deleting it would remove it from the API at once, as it has ended.
    await bench.onNode('until grep -q "^DEL.*POD_NAME=job;" /var/host/state/calls; do sleep 0.02; done');
    await bench.client.delete(labPods, 'job', { namespace: NAMESPACE });
    await untilGone(bench.client, labPods, 'job', NAMESPACE);
    expect((await callsOf('job')).map(([command]) => command)).toEqual(['ADD', 'DEL']);
  });
});

const rootless = possible && probeHost().userns;

describe.skipIf(!rootless)(`the kubelet without root${rootless ? '' : ' (skipped: no user namespaces)'}`, () => {
  let bench: KubeletBench;
  beforeAll(async () => {
    bench = await startKubeletBench({ mode: 'rootless' });
    await bench.installCni();
    await bench.addPod('web', { containers: [{ name: 'web', image: 'nginx' }] });
    await bench.untilPod('web', isReady);
  });
  afterAll(async () => await bench?.close());

  it('wires a Pod and runs it', async () => {
    const pod = await bench.untilPod('web', isReady);
    const answer = await bench.kubelet.exec(pod, 'web', CURL);
    expect(answer.stdout).toContain('Welcome to nginx!');
  });

  it.skipIf(noKubectl)('runs commands and gives a shell with a terminal to kubectl from outside', async () => {
    const config = join(bench.stateDir, 'admin.kubeconfig');
    await writeFile(config, bench.api.adminKubeconfig(), { mode: 0o600 });
    const env = { PATH: process.env['PATH'], HOME: bench.stateDir, KUBECONFIG: config };
    const typed = async (program: string, ...args: string[]): Promise<string> => {
      const run = promisify(execFile)(program, args, { env, timeout: 60_000 });
      // What was seen until it failed says why: the terminal has one stream.
      return (
        await run.catch((error: Error & { readonly stdout: string }) =>
          expect.fail(`${error.message}\n${error.stdout}`),
        )
      ).stdout;
    };
    const line = 'ls -d /etc/resolv.conf; ip -brief address show dev lo; hostname';
    const seen = await typed('kubectl', 'exec', 'web', '--', 'sh', '-c', line);
    expect(seen).toMatch(/^\/etc\/resolv\.conf\nlo .*10\.9\.8\.7\/32.*\nweb\n$/);
    const shell = 'kubectl exec -it web -- /bin/bash -c "tty; ls -d /usr/bin"';
    expect(await typed('script', '-qec', shell, '/dev/null')).toMatch(/\/dev\/pts\/\d+\s+\/usr\/bin/);
  });

  it('takes it down', async () => {
    await bench.client.delete(labPods, 'web', { namespace: NAMESPACE });
    await untilGone(bench.client, labPods, 'web', NAMESPACE);
    expect(await bench.onNode('ls /run/netns')).toBe('n1\n');
  });
});
