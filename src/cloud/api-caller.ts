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
  /** Sent at most once. */
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

const READ_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Rows after which a read may simply be asked again. */
const REPEATABLE: ReadonlySet<string> = new Set([
  cloudErrors.throttled.code,
  cloudErrors.network.code,
  cloudErrors.service.code,
]);

export function createApiCaller(deps: ApiCallerDeps): ApiCaller {
  const { clock, random } = deps;
  return {
    mutate: (operation, call = {}) => sendOnce(deps, operation, call, true),
    read: async (operation, call = {}) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await sendOnce(deps, operation, call, false);
        } catch (error) {
          if (!(error instanceof CloudError) || !REPEATABLE.has(error.code) || attempt >= READ_ATTEMPTS) throw error;
          const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + random() / 2);
          await abortable(operation.action, call.signal, clock.sleep(pause, call.signal));
        }
      }
    },
  };
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
  await abortable(action, signal, budget.acquire(action, priority, signal));
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
    budget.report(action, outcome === cloudErrors.throttled.code ? 'throttled' : 'answered');
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
