// `lab up`: starts a lab, shows how to use it, stays until it is told to end, and takes everything down.
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { IpMode } from '../../src/api/addon-values.ts';
import { annotations, networks } from '../../src/api/keys.ts';
import { type VpcEni, vpcEnis } from '../../src/api/vpc-eni.ts';
import { errorText } from '../../src/base/errors.ts';
import type { Pod } from '../../src/kube/resources.ts';
import { startComputedLab } from '../computed/computed-lab.ts';
import { installHint, probeHost } from '../host/probe.ts';
import type { ApiChoice } from '../kube/cluster-api.ts';
import { startLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { claimName, readState, removeState, removeStateAtOnce, writeState } from '../state-file.ts';
import type { LabId } from '../state-file.ts';
import { renderTable } from '../table.ts';
import type { CommandContext } from './context.ts';
import { logLevelOf } from './log-level.ts';

export interface UpOptions {
  readonly sample: boolean;
  readonly nodes: number;
  readonly nativeNodes?: number;
  readonly superNodes: number;
  readonly instanceType: string;
  readonly ipMode: IpMode;
  readonly packets: boolean;
  readonly logLevel: string;
  readonly api: ApiChoice;
}

/** What both kinds of lab offer to this command. */
type Shown = Pick<
  Lab,
  'client' | 'kubeconfig' | 'cloudAccess' | 'stateDir' | 'createNamespace' | 'applyFile' | 'runningPods' | 'close'
> & {
  readonly host: Lab['host'] | undefined;
  readonly nodes: readonly { readonly name: string; readonly kind: string; readonly netns: string | undefined }[];
};

/** Document 002's Pod, and an ordinary one that shares its node's ENI. */
const SAMPLE = {
  namespace: 'my-namespace',
  folder: 'examples/pod-security-groups-trunk',
  selector: 'app=my-app',
  ordinarySelector: 'app=ordinary',
} as const;

export async function up(context: CommandContext, options: UpOptions): Promise<number> {
  const { projectDir, out, err, style } = context;
  const id = { projectDir, name: context.name };
  const logLevel = logLevelOf(options.logLevel);
  if (typeof logLevel !== 'string') {
    err.write(`lab: ${logLevel.problem}\n`);
    return 2;
  }
  const running = await readState(id);
  if (running !== undefined) {
    err.write(
      `lab: one runs already (process ${running.pid}): npm run lab -- status tells how to use it; end it with Ctrl-C there or: npm run lab -- down\n`,
    );
    return 1;
  }
  const other = await claimName(id);
  if (other !== undefined) {
    err.write(`lab: one is starting already (process ${other}); end it with Ctrl-C there or: npm run lab -- down\n`);
    return 1;
  }
  const started = performance.now();
  const progress = (line: string): void => {
    out.write(style.dim(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${line}\n`));
  };
  const stateDir = await mkdtemp(join(tmpdir(), 'trunkline-lab-'));
  const end = Promise.withResolvers<number>();
  const phase = { started: false };
  const signals = onSignals((signal, times) => {
    if (times === 1 && phase.started) {
      end.resolve(0);
      return;
    }
    // The namespaces and processes end with this process, by the kernel's doing. Files do not.
    removeAtOnce(stateDir);
    removeStateAtOnce(id);
    err.write(`lab: ${signal} ${phase.started ? 'again: ending at once' : 'while starting: giving up'}\n`);
    process.exit(130);
  });
  const failed = (error: unknown): void => {
    err.write(`lab: a part of the lab ended by itself: ${errorText(error)}\n`);
    end.resolve(1);
  };
  const common = {
    projectDir,
    stateDir,
    progress,
    nodes: options.nodes,
    nativeNodes: options.nativeNodes ?? 0,
    superNodes: options.superNodes,
    instanceType: options.instanceType,
    ipMode: options.ipMode,
    logLevel,
    api: options.api,
    onFailure: failed,
  };
  const withPackets = options.packets && canSendPackets(context);
  const starting = withPackets ? startLab(common) : startComputedLab(common);
  try {
    const lab = await Promise.race([starting, end.promise]);
    if (typeof lab === 'number') {
      await starting.then((late) => late.close()).catch(() => undefined);
      return lab;
    }
    phase.started = true;
    try {
      await remember(id, lab);
      const sample = options.sample
        ? await Promise.race([showSample(context, lab, options.ipMode === 'non-static'), end.promise])
        : undefined;
      if (typeof sample !== 'number') showUse(context, lab, withPackets, sample);
      return await end.promise;
    } finally {
      out.write('\ntaking everything down\n');
      await lab.close();
    }
  } catch (error) {
    err.write(`lab: ${errorText(error)}\n`);
    return 1;
  } finally {
    signals.off();
    await removeState(id);
    await rm(stateDir, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Names what is missing, and how to get it, when this machine cannot carry packets. */
function canSendPackets({ err }: CommandContext): boolean {
  const probe = probeHost();
  const hint = installHint(probe.missing);
  if (hint !== undefined) err.write(`lab: ${hint}\n`);
  if (!probe.root && !probe.userns)
    err.write('lab: neither root nor user namespaces are at hand (see sysctl kernel.unprivileged_userns_clone)\n');
  const able = probe.missing.length === 0 && (probe.root || probe.userns);
  if (!able)
    err.write('lab: starting without packets: API, cloud, ipamd and webhook are real, the data plane is computed\n');
  return able;
}

async function remember(id: LabId, lab: Shown): Promise<void> {
  await writeFile(environmentFile(lab.stateDir), environmentOf(id, lab), { mode: 0o600 });
  await writeState(id, {
    pid: process.pid,
    helperPid: lab.host?.helperPid ?? null,
    rootless: lab.host?.mode === 'rootless',
    stateDir: lab.stateDir,
    kubeconfig: lab.kubeconfig,
    cloud: lab.cloudAccess,
    nodes: lab.nodes.map((node) => ({ name: node.name, kind: node.kind, netns: node.netns ?? null })),
  });
}

/** For `.` of a shell: all that kubectl, trunkline, tccli and SDKs are to know of the lab. A path without quotes in it is taken for granted. */
const environmentFile = (stateDir: string): string => join(stateDir, 'env');

function environmentOf(id: LabId, { kubeconfig, cloudAccess }: Shown): string {
  const { endpoint, secretId, secretKey, region } = cloudAccess;
  const variables = {
    KUBECONFIG: kubeconfig,
    TRUNKLINE_CLOUD_ENDPOINT: endpoint,
    TENCENTCLOUD_REGION: region,
    TENCENTCLOUD_SECRET_ID: secretId,
    TENCENTCLOUD_SECRET_KEY: secretKey,
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .concat(tccliFunction(id))
    .join('');
}

/** So that a line of tccli, as `trace` prints it, goes to the lab's cloud and to no other, whether tccli is installed or not. */
function tccliFunction({ projectDir, name }: LabId): string {
  const own = `'${process.execPath}' '${join(projectDir, 'lab', 'main.ts')}' --name '${name}' tccli "$@"`;
  return `if command -v tccli >/dev/null 2>&1; then
  tccli() { command tccli "$@" --endpoint "$TRUNKLINE_CLOUD_ENDPOINT"; }
else
  tccli() { ${own}; }
fi
`;
}

/** The Pod that other nodes can try to reach. */
interface SampleView {
  readonly ip: string;
  readonly otherNode: string | undefined;
  /** Whether there is a Pod that may call it. */
  readonly hasCaller: boolean;
}

async function showSample({ out }: CommandContext, lab: Shown, withOrdinary: boolean): Promise<SampleView> {
  await lab.createNamespace(SAMPLE.namespace);
  for (const file of ['policy', 'nginx', ...(withOrdinary ? ['ordinary'] : [])])
    await lab.applyFile(`${SAMPLE.folder}/${file}.yaml`);
  const [web] = await lab.runningPods(SAMPLE.namespace, SAMPLE.selector, 1);
  const ordinary = withOrdinary ? await lab.runningPods(SAMPLE.namespace, SAMPLE.ordinarySelector, 1) : [];
  const enis = (await lab.client.list(vpcEnis)).items;
  const rows = [...(web === undefined ? [] : [web]), ...ordinary].map((pod) => {
    const eni = eniOf(pod, enis)?.status?.eni;
    return [
      `${SAMPLE.namespace}/${pod.metadata.name}`,
      pod.spec.nodeName ?? '',
      pod.status?.podIP ?? '',
      pod.metadata.annotations?.[annotations.networks] ?? networks.routeEni,
      eni?.securityGroups.join(',') || '-',
      eni?.eniID ?? '',
    ];
  });
  out.write(`\n${renderTable(['POD', 'NODE', 'IP', 'NETWORK', 'GROUPS', 'ENI'], rows)}`);
  return {
    ip: web?.status?.podIP ?? '',
    otherNode: lab.nodes.find((node) => node.kind === 'general' && node.name !== web?.spec.nodeName)?.name,
    hasCaller: ordinary.length > 0,
  };
}

/** The Pod's own ENI, or the one of its node that carries its address. */
const eniOf = (pod: Pod, enis: readonly VpcEni[]): VpcEni | undefined =>
  enis.find((eni) => eni.spec.pod?.uid === pod.metadata.uid) ??
  enis.find((eni) => eni.status?.eni?.addresses.some(({ ip }) => ip === pod.status?.podIP));

function showUse(
  { out, style }: CommandContext,
  lab: Shown,
  withPackets: boolean,
  sample: SampleView | undefined,
): void {
  const { endpoint, secretId, secretKey, region } = lab.cloudAccess;
  const tries = [
    'kubectl get pods -A -o wide',
    `kubectl get vpceni -l tke.cloud.tencent.com/pod-namespace=${SAMPLE.namespace}`,
    withPackets && sample?.otherNode !== undefined
      ? `npm run lab -- shell ${sample.otherNode} -- curl --connect-timeout 2 http://${sample.ip}/`
      : 'kubectl get nec -o yaml',
    ...(sample?.hasCaller === true
      ? [
          `npx trunkline trace ${SAMPLE.namespace}/ordinary ${SAMPLE.namespace}/nginx:80${withPackets ? ' --probe' : ''}`,
        ]
      : []),
  ];
  out.write(`
${style.bold(`export KUBECONFIG=${lab.kubeconfig}`)}
cloud: ${endpoint}  region ${region}  secretId ${secretId}  secretKey ${secretKey}
logs: ${lab.stateDir}

try, in another terminal:
  . ${environmentFile(lab.stateDir)}
${tries.map((line) => `  ${line}\n`).join('')}
Ctrl-C here ends the lab and everything it made.
`);
}

/** Counts SIGINT, SIGTERM and SIGHUP. */
function onSignals(handler: (signal: NodeJS.Signals, times: number) => void): { off(): void } {
  let times = 0;
  const listener = (signal: NodeJS.Signals): void => {
    times += 1;
    handler(signal, times);
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, listener);
  return {
    off: () => {
      for (const name of names) process.off(name, listener);
    },
  };
}

const REMOVE_TRIES = 10;
const PAUSE_MS = 10;

/**
 * Without giving the loop a turn, so that nothing new is begun. What had been begun may still make a file, and its directories with it: once
 * more after a pause, until nothing comes back.
 */
function removeAtOnce(directory: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < REMOVE_TRIES; tries += 1) {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: PAUSE_MS });
    Atomics.wait(pause, 0, 0, PAUSE_MS);
    if (!existsSync(directory)) return;
  }
}
