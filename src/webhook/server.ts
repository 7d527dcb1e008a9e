// The HTTPS server of the admission endpoints; its certificate is exchanged without a restart.
import type { Server } from 'node:https';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { errorText } from '../base/errors.ts';
import type { ManagedServer } from '../kube/manager.ts';
import { type AdmissionRequest, notNow, readReview, reviewAnswer, type Verdict } from './admission-review.ts';
import type { ClusterView } from './cluster-view.ts';
import {
  closeServer,
  createJsonServer,
  type JsonAnswer,
  type JsonHandler,
  type JsonRequest,
  type JsonRoutes,
} from './json-server.ts';
import { validatePolicy } from './review-policy.ts';
import { guardNamespace, guardPod, mutatePod, type Reviewer } from './reviewers.ts';
import { isReplicaToken, policyChangeSchema, REPLICA_PATH } from './tell-replica.ts';

/** Paths that the webhook configurations name; the first is documented. */
export const webhookPaths = {
  mutatePod: '/add-pod-eni-ip-limit',
  guardPod: '/guard-pod-annotations',
  guardNamespace: '/guard-namespace-label',
  validatePolicy: '/validate-securitygrouppolicy',
} as const;

/** A leaf with its chain, and its private key, as PEM. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface AdmissionServerOptions {
  readonly host: string;
  readonly port: number;
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What another replica must know; `undefined` before there is such a word. */
  readonly replicaToken: () => string | undefined;
}

export interface AdmissionServer extends ManagedServer {
  /** The port opens with the first certificate. Later ones are for new connections; open ones keep theirs. */
  useCertificate(certificate: ServingCertificate): void;
  /** Resolves with the port that is listened on. */
  readonly listening: Promise<number>;
}

// An AdmissionReview carries the old and the new object, each of at most 3 MiB in etcd.
const BODY_LIMIT = 8 * 1024 * 1024;
/** For answers under way at the end; the API server waits no longer for one. */
const GRACE_MS = 5_000;

/** Serves POST of the paths, that of the other replicas, and GET /healthz (alive) and /readyz (informers complete). */
export function createAdmissionServer(options: AdmissionServerOptions): AdmissionServer {
  const { view, logger } = options;
  const listening = Promise.withResolvers<number>();
  listening.promise.catch(() => undefined);
  const first = Promise.withResolvers<void>();
  const state: { current: ServingCertificate | undefined; install: (certificate: ServingCertificate) => void } = {
    current: undefined,
    install: () => undefined,
  };
  return {
    name: 'admission',
    when: 'at-start',
    listening: listening.promise,
    useCertificate: (certificate) => {
      state.current = certificate;
      state.install(certificate);
      first.resolve();
    },
    run: async (signal) => {
      await Promise.race([first.promise, aborted(signal)]);
      if (state.current === undefined) return;
      const server = createJsonServer({
        certificate: state.current,
        routes: routes(),
        bodyLimit: BODY_LIMIT,
        onError: (error) => logger.error({ error: errorText(error) }, 'a request failed'),
      });
      state.install = (certificate) => server.setSecureContext({ ...certificate, minVersion: 'TLSv1.2' });
      await listen(server, options);
      const address = server.address();
      listening.resolve(typeof address === 'object' && address !== null ? address.port : options.port);
      await aborted(signal);
      state.install = () => undefined;
      await closeServer(server, GRACE_MS, (ms, fn) => options.clock.after(ms, fn));
    },
  };

  function routes(): JsonRoutes {
    const reviewers: readonly [string, Reviewer][] = [
      [webhookPaths.mutatePod, mutatePod],
      [webhookPaths.guardPod, guardPod],
      [webhookPaths.guardNamespace, guardNamespace],
      [webhookPaths.validatePolicy, validatePolicy],
    ];
    return new Map<string, JsonHandler>([
      ['GET /healthz', () => ({ status: 200, text: 'ok\n' })],
      [
        'GET /readyz',
        () => (view.synced ? { status: 200, text: 'ok\n' } : { status: 503, text: 'informers are not synced\n' }),
      ],
      [`POST ${REPLICA_PATH}`, hear],
      ...reviewers.map(
        ([path, reviewer]) => [`POST ${path}`, ({ body }: JsonRequest) => review(reviewer, body)] as const,
      ),
    ]);
  }

  function review(reviewer: Reviewer, body: unknown): JsonAnswer | Promise<JsonAnswer> {
    const request = readReview(body);
    if (typeof request === 'string') return { status: 400, json: { error: `not an AdmissionReview: ${request}` } };
    const answered = (verdict: Verdict): JsonAnswer => {
      tell(request, verdict);
      return { status: 200, json: reviewAnswer(request.uid, verdict) };
    };
    const verdict = answer(reviewer, request);
    return verdict instanceof Promise ? verdict.then(answered) : answered(verdict);
  }

  /** Another replica tells of a policy. */
  function hear({ body, authorization }: JsonRequest): JsonAnswer {
    const token = options.replicaToken();
    if (token === undefined || !isReplicaToken(authorization, token)) return { status: 403 };
    const change = policyChangeSchema.safeParse(body);
    if (!change.success) return { status: 400 };
    view.expectPolicy(change.data);
    return { status: 204 };
  }

  function tell({ namespace, name, operation }: AdmissionRequest, verdict: Verdict): void {
    if (!verdict.allowed)
      logger.info({ namespace, name, operation, code: verdict.code, reason: verdict.message }, 'admission refused');
    else if (verdict.note !== undefined) logger.info({}, verdict.note);
  }

  function answer(reviewer: Reviewer, request: AdmissionRequest): Verdict | Promise<Verdict> {
    try {
      const verdict = reviewer(request, view);
      return verdict instanceof Promise ? verdict.catch(undecided) : verdict;
    } catch (error) {
      return undecided(error);
    }
  }

  /** An answer that cannot be worked out is a refusal: a Pod never starts on a guess. */
  function undecided(error: unknown): Verdict {
    logger.error({ error: errorText(error) }, 'admission failed');
    return notNow(`admission could not be decided: ${errorText(error)}; try again`);
  }
}

function listen(server: Server, { host, port }: AdmissionServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}
