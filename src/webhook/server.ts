// The HTTPS server of the admission endpoints; its certificate is exchanged without a restart.
import fastify from 'fastify';
import type { Logger } from '../base/logger.ts';
import { errorText } from '../base/errors.ts';
import type { ManagedServer } from '../kube/manager.ts';
import {
  type AdmissionRequest,
  admissionReviewSchema,
  notNow,
  reviewAnswer,
  type Verdict,
} from './admission-review.ts';
import type { ClusterView } from './cluster-view.ts';
import { guardPod, mutatePod, type Reviewer, validatePolicy } from './reviewers.ts';

/** Paths that the webhook configurations name; the first is documented. */
export const webhookPaths = {
  mutatePod: '/add-pod-eni-ip-limit',
  guardPod: '/guard-pod-annotations',
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
  readonly logger: Logger;
}

export interface AdmissionServer extends ManagedServer {
  /** The port opens with the first certificate. Later ones are for new connections; open ones keep theirs. */
  useCertificate(certificate: ServingCertificate): void;
  /** Resolves with the port that is listened on. */
  readonly listening: Promise<number>;
}

// An AdmissionReview carries the old and the new object, each of at most 3 MiB in etcd.
const BODY_LIMIT = 8 * 1024 * 1024;

/** Serves POST of the three paths, and GET /healthz (alive) and /readyz (informers complete). */
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
      const app = fastify({
        https: { ...state.current, minVersion: 'TLSv1.2' },
        bodyLimit: BODY_LIMIT,
        forceCloseConnections: true,
      });
      state.install = (certificate) => app.server.setSecureContext({ ...certificate, minVersion: 'TLSv1.2' });
      app.get('/healthz', () => 'ok\n');
      app.get('/readyz', (_request, reply) =>
        view.synced ? 'ok\n' : reply.code(503).send('informers are not synced\n'),
      );
      const routes: readonly [string, Reviewer][] = [
        [webhookPaths.mutatePod, mutatePod],
        [webhookPaths.guardPod, guardPod],
        [webhookPaths.validatePolicy, validatePolicy],
      ];
      for (const [path, reviewer] of routes)
        app.post(path, async (request, reply) => {
          const review = admissionReviewSchema.safeParse(request.body);
          if (!review.success)
            return reply
              .code(400)
              .send({ error: `not an AdmissionReview: ${review.error.issues[0]?.message ?? 'not accepted'}` });
          return reviewAnswer(review.data.request.uid, await verdictOf(reviewer, review.data.request));
        });
      await app.listen({ host: options.host, port: options.port });
      const address = app.server.address();
      listening.resolve(typeof address === 'object' && address !== null ? address.port : options.port);
      await aborted(signal);
      state.install = () => undefined;
      await app.close();
    },
  };

  async function verdictOf(reviewer: Reviewer, request: AdmissionRequest): Promise<Verdict> {
    const verdict = await answer(reviewer, request);
    if (!verdict.allowed) {
      const { namespace, name, operation } = request;
      logger.info({ namespace, name, operation, code: verdict.code, reason: verdict.message }, 'admission refused');
    } else if (verdict.note !== undefined) logger.info({}, verdict.note);
    return verdict;
  }

  async function answer(reviewer: Reviewer, request: AdmissionRequest): Promise<Verdict> {
    try {
      return await reviewer(request, view);
    } catch (error) {
      // An answer that cannot be worked out is a refusal: a Pod never starts on a guess.
      logger.error({ error: errorText(error) }, 'admission failed');
      return notNow(`admission could not be decided: ${errorText(error)}; try again`);
    }
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}
