// Runs one case against one server: a namespace of its own, the drivers, clean-up whatever happens.
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ParityContext } from './context.ts';
import { createHttpDriver } from './drivers/http.ts';
import type { HttpDriver } from './drivers/http.ts';
import type { KubectlDriver, KubectlHome } from './drivers/kubectl.ts';
import { startTestWebhook } from './drivers/webhook.ts';
import { isAtLeast } from './parity-server.ts';
import type { ParityServer, ServedPart } from './parity-server.ts';
import { groupOf } from './parity-case.ts';
import type { ParityCase } from './parity-case.ts';

export interface Bench {
  readonly server: ParityServer;
  readonly http: HttpDriver;
  /** `undefined`: no kubectl on the PATH. */
  readonly kubectl: KubectlHome | undefined;
}

/** Why the server cannot run the case, in words; `undefined` when it can. */
export function whySkipped(
  { server, kubectl }: Pick<Bench, 'server' | 'kubectl'>,
  parityCase: ParityCase,
): string | undefined {
  if (server.part?.groups.has(groupOf(parityCase)) === false) return 'the server serves only a part of the API';
  const unfit = server.part?.unfit.get(parityCase.id);
  if (unfit !== undefined) return unfit;
  for (const need of parityCase.needs ?? []) {
    if (need === 'kubectl' ? kubectl === undefined : !server.offers.has(need)) return `needs ${need}`;
  }
  const { since, until } = parityCase;
  if (since !== undefined && !isAtLeast(server.version, since)) return `behaviour of ${since} and newer`;
  if (until !== undefined && isAtLeast(server.version, until)) return `behaviour of releases before ${until}`;
  return undefined;
}

const POLL_MS = 50;
const UNTIL_MS = 10_000;
const letters = 'bcdfghjklmnpqrstvwxz';

/** The case asked a partial server for a kind that it does not serve: neither passed nor failed. */
export class NotServed extends Error {
  override readonly name = 'NotServed';
}

/** Rejects with what the case threw, and with NotServed when it turned out to need what the server lacks. */
export async function runCase(bench: Bench, parityCase: ParityCase): Promise<void> {
  if (bench.server.part === undefined) return runWhole(bench, parityCase);
  const witnessed = witness(bench.http, bench.server.part);
  try {
    await runWhole({ ...bench, http: witnessed.http }, parityCase);
  } catch (error) {
    throw witnessed.lacked() ?? error;
  }
  const lacked = witnessed.lacked();
  if (lacked !== undefined) throw lacked;
}

/** Refuses requests for what the server lacks and remembers the first one, whatever the case makes of the refusal. */
function witness(http: HttpDriver, part: ServedPart): { readonly http: HttpDriver; lacked(): NotServed | undefined } {
  let lacked: NotServed | undefined;
  const check = (path: string): void => {
    const kind = part.missing(path);
    if (kind === undefined) return;
    lacked ??= new NotServed(`needs ${kind}`);
    throw lacked;
  };
  const guarded =
    <Rest extends readonly unknown[], Result>(send: (method: string, path: string, ...rest: Rest) => Promise<Result>) =>
    async (method: string, path: string, ...rest: Rest): Promise<Result> => {
      check(path);
      return send(method, path, ...rest);
    };
  const call = guarded((...request: Parameters<HttpDriver['call']>) => http.call(...request));
  const patch: HttpDriver['patch'] = async (type, path, body, options) => {
    check(path);
    return http.patch(type, path, body, options);
  };
  const watch: HttpDriver['watch'] = async (path, options) => {
    check(path);
    return http.watch(path, options);
  };
  return {
    http: {
      ...http,
      call,
      patch,
      watch,
      get: (path, options) => call('GET', path, undefined, options),
      ok: guarded((...request: Parameters<HttpDriver['ok']>) => http.ok(...request)),
      open: guarded((...request: Parameters<HttpDriver['open']>) => http.open(...request)),
    },
    lacked: () => lacked,
  };
}

async function runWhole(bench: Bench, parityCase: ParityCase): Promise<void> {
  const { server, http } = bench;
  const suffix = Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('');
  const namespace = `parity-${suffix}`;
  const stack = new AsyncDisposableStack();
  try {
    await http.ok('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
    // Not waited for: with finalizers of controllers it outlives the case, and nothing else uses its name.
    stack.defer(() => http.call('DELETE', `/api/v1/namespaces/${namespace}`).then(() => undefined));
    await ensureServiceAccount(bench, namespace);
    let counter = 0;
    const context: ParityContext = {
      server,
      namespace,
      core: `/api/v1/namespaces/${namespace}`,
      apps: `/apis/apps/v1/namespaces/${namespace}`,
      unique(prefix) {
        counter += 1;
        return `${prefix}-${suffix}${counter === 1 ? '' : counter}`;
      },
      http,
      kubectl: bench.kubectl?.inNamespace(namespace) ?? missingKubectl,
      javascriptClient: () => loadClient(server),
      async webhook(answer) {
        const webhook = await startTestWebhook(answer);
        stack.defer(() => webhook.close());
        return webhook;
      },
      async until(what, check) {
        for (const deadline = performance.now() + UNTIL_MS; performance.now() < deadline; await sleep(POLL_MS)) {
          const found = await check();
          if (found !== undefined) return found;
        }
        throw new Error(`waited ${UNTIL_MS / 1000} s in vain for ${what}`);
      },
      defer: (undo) => stack.defer(async () => void (await undo())),
    };
    await parityCase.run(context);
  } finally {
    await stack.disposeAsync();
  }
}

const missingKubectl: KubectlDriver = {
  run: () => Promise.reject(new Error('the case must name kubectl in its needs')),
  ok: () => Promise.reject(new Error('the case must name kubectl in its needs')),
};

/** Pods need it; where no controller makes it, the runner does. */
async function ensureServiceAccount({ server, http }: Bench, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  if (!server.offers.has('controllers')) {
    await http.call('POST', path, { metadata: { name: 'default' } });
    return;
  }
  const watch = await http.watch(`${path}?watch=true&fieldSelector=metadata.name=default`);
  try {
    // Releases before 1.24 take no Pods until the account has a Secret with its token.
    const isReady = (account: { readonly secrets?: unknown }): boolean =>
      isAtLeast(server.version, '1.24') || account.secrets !== undefined;
    while (!isReady((await watch.next()).object));
  } finally {
    watch.close();
  }
}

async function loadClient(server: ParityServer): ReturnType<ParityContext['javascriptClient']> {
  const { CoreV1Api, KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'parity', server: server.url, caData: Buffer.from(server.caPem).toString('base64'), skipTLSVerify: false },
    { name: 'parity', token: server.token },
  );
  return { config, core: config.makeApiClient(CoreV1Api) };
}

export async function openBench(
  server: ParityServer,
  kubectl: KubectlHome | undefined,
): Promise<Bench & AsyncDisposable> {
  const http = createHttpDriver(server);
  return {
    server,
    http,
    kubectl,
    async [Symbol.asyncDispose]() {
      http.close();
      await kubectl?.close();
      await server.close();
    },
  };
}
