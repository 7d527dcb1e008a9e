// Sends one API call as VpcCloud promises: keys, budget, fence, one request, decoded answer; reads are repeated.
import type { z } from 'zod';

import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { CallBudget } from './budget.ts';
import type { CredentialSource } from './credentials.ts';
import { CloudError, cloudErrors } from './errors.ts';
import type { CloudMetrics } from './metrics.ts';
import type { ApiTransport, ServiceName } from './transport.ts';
import type { CloudCall } from './vpc-cloud.ts';

export interface ApiOperation<T> {
  readonly service: ServiceName;
  readonly action: string;
  readonly body: object;
  readonly answer: z.ZodType<T>;
}

export interface ApiCaller {
  /** Repeated on throttling, lost connections and errors of the service, with growing pauses; throws the last error. */
  read<T>(operation: ApiOperation<T>, call?: CloudCall): Promise<T>;
  /**
   * Sent again only when it was refused for the number of calls, which is before anything was done: the same bytes, as long as the fence lets it
   * pass. Takes effect at most once.
   */
  mutate<T>(operation: ApiOperation<T>, call?: CloudCall): Promise<T>;
}

export interface ApiCallerDeps {
  readonly clock: Clock;
  readonly credentials: CredentialSource;
  readonly transport: ApiTransport;
  readonly budget: CallBudget;
  readonly metrics: CloudMetrics;
  readonly callTimeoutMs: number;
  /** From 0 to 1; spreads the pauses. */
  readonly random: () => number;
}

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Rows after which a read may simply be asked again. */
const REPEATABLE: ReadonlySet<string> = new Set([
  cloudErrors.throttled.code,
  cloudErrors.network.code,
  cloudErrors.service.code,
]);

const REFUSED_FOR_NUMBER: ReadonlySet<string> = new Set([cloudErrors.throttled.code]);

export function createApiCaller(deps: ApiCallerDeps): ApiCaller {
  return {
    mutate: (operation, call = {}) => send(deps, operation, call, { mutating: true, repeatable: REFUSED_FOR_NUMBER }),
    read: (operation, call = {}) => send(deps, operation, call, { mutating: false, repeatable: REPEATABLE }),
  };
}

async function send<T>(
  deps: ApiCallerDeps,
  operation: ApiOperation<T>,
  call: CloudCall,
  { mutating, repeatable }: { readonly mutating: boolean; readonly repeatable: ReadonlySet<string> },
): Promise<T> {
  const { clock, random } = deps;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendOnce(deps, operation, call, mutating);
    } catch (error) {
      if (!(error instanceof CloudError) || !repeatable.has(error.code) || attempt >= ATTEMPTS) throw error;
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + random() / 2);
      await abortable(operation.action, call.signal, clock.sleep(pause, call.signal));
    }
  }
}

async function sendOnce<T>(
  deps: ApiCallerDeps,
  operation: ApiOperation<T>,
  call: CloudCall,
  mutating: boolean,
): Promise<T> {
  const { clock, budget, credentials, transport, metrics, callTimeoutMs } = deps;
  const { service, action, body } = operation;
  const { signal, priority = 'waiting-pod' } = call;
  if (signal?.aborted === true) throw notSent(action, signal.reason);
  // Keys first: fetching them may take a while, and nothing may come between the fence and the request.
  const credential = await abortable(action, signal, credentials.get(signal));
  const waitedFrom = clock.monotonicMs();
  const grant = await abortable(action, signal, budget.acquire(action, priority, signal));
  metrics.waited(action, priority, (clock.monotonicMs() - waitedFrom) / 1000);
  if (mutating) checkFence(action, call, callTimeoutMs);
  const sentAt = clock.monotonicMs();
  let outcome = 'ok';
  try {
    const answer = await transport.send({
      service,
      action,
      body,
      credential,
      mutating,
      ...(signal === undefined ? {} : { signal }),
    });
    return decodeAnswer(operation, answer, mutating);
  } catch (error) {
    outcome = error instanceof CloudError ? error.code : 'CLOUD-BUG';
    throw error;
  } finally {
    grant.report(outcome === cloudErrors.throttled.code ? 'throttled' : 'answered');
    metrics.called(action, outcome, (clock.monotonicMs() - sentAt) / 1000);
  }
}

function checkFence(action: string, call: CloudCall, callTimeoutMs: number): void {
  let passed: boolean;
  try {
    passed = call.fence?.(callTimeoutMs) ?? true;
  } catch (error) {
    throw new CloudError(cloudErrors.fenced, `${action} was not sent: ${errorText(error)}`, { action, cause: error });
  }
  if (!passed)
    throw new CloudError(cloudErrors.fenced, `${action} was not sent: this process may not change the cloud now`, {
      action,
    });
}

function decodeAnswer<T>(operation: ApiOperation<T>, answer: unknown, mutating: boolean): T {
  const { action } = operation;
  const result = operation.answer.safeParse(answer);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CloudError(
    cloudErrors.badAnswer,
    `the answer to ${action} is not understood at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    {
      action,
      outcomeUnknown: mutating,
      cause: result.error,
    },
  );
}

/** An abort before anything was sent, as a CloudError. */
async function abortable<T>(action: string, signal: AbortSignal | undefined, waited: Promise<T>): Promise<T> {
  try {
    return await waited;
  } catch (error) {
    if (signal?.aborted === true) throw notSent(action, error);
    throw error;
  }
}

function notSent(action: string, cause: unknown): CloudError {
  return new CloudError(cloudErrors.aborted, `${action} was given up before it was sent`, { action, cause });
}
