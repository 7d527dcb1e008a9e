// What happens to a request before and around its action: authentication, routing, limits, faults, tokens, log.
import { errorText } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import type { Action, Service } from './action.ts';
import { ApiError } from './api-error.ts';
import type { ClientTokens } from './client-tokens.ts';
import type { CloudCore } from './core.ts';
import type { RateLimiter } from './rate-limits.ts';
import type { RequestLog } from './request-log.ts';
import { type AcceptedCredential, type SignedRequest, verifySignature } from './signature.ts';

export interface GatewayDeps {
  readonly core: CloudCore;
  readonly logger: Logger;
  readonly actions: readonly Action[];
  readonly credentials: readonly AcceptedCredential[];
  readonly limiter: RateLimiter;
  readonly tokens: ClientTokens;
  readonly log: RequestLog;
}

/** `dropped`: the call acted and its answer must not arrive. */
export type GatewayAnswer = { readonly kind: 'answer'; readonly response: object } | { readonly kind: 'dropped' };

/** X-TC-Version to the services behind it; vpc and cvm share theirs. */
const VERSIONS: Readonly<Record<string, readonly Service[]>> = {
  '2017-03-12': ['vpc', 'cvm'],
  '2018-05-25': ['tke'],
};

/** Answers every request with a `Response` object; never throws. */
export function createGateway(deps: GatewayDeps): (request: SignedRequest) => Promise<GatewayAnswer> {
  const { core, log, logger } = deps;
  return async (request) => {
    const requestId = core.ids.uuid();
    const at = core.clock.monotonicMs();
    const name = request.headers['x-tc-action'] ?? '';
    const parsed = parseBody(request.body);
    let response: object;
    let outcome = 'ok';
    try {
      const action = admitRequest(deps, request, name);
      if (parsed instanceof ApiError) throw parsed;
      response = { RequestId: requestId, ...(await act(deps, action, parsed, requestId)) };
    } catch (error) {
      const refused = error instanceof ApiError ? error : new ApiError('InternalError', errorText(error));
      if (!(error instanceof ApiError))
        logger.error({ action: name, err: error }, 'an action of the simulated cloud broke');
      outcome = refused.code;
      response = { Error: { Code: refused.code, Message: refused.message }, RequestId: requestId };
    }
    const dropped = core.faults.takeDrop(name);
    const body = parsed instanceof ApiError ? null : parsed;
    log.add({
      action: name,
      body,
      client: request.headers['x-tc-requestclient'] ?? '',
      at,
      outcome: dropped ? 'dropped' : outcome,
      requestId,
    });
    return dropped ? { kind: 'dropped' } : { kind: 'answer', response };
  };
}

function admitRequest(deps: GatewayDeps, request: SignedRequest, name: string): Action {
  const { core } = deps;
  if (request.method !== 'POST')
    throw new ApiError('UnsupportedProtocol', `${request.method} is not simulated; send POST with a JSON body`);
  if (request.headers['content-type'] !== 'application/json')
    throw new ApiError(
      'UnsupportedProtocol',
      'Content-Type must be exactly application/json; forms and files are not simulated',
    );
  verifySignature(request, deps.credentials, core.clock.now());
  const action = route(deps.actions, request.headers['x-tc-version'], name);
  if (!action.allowed(core)) throw new ApiError('InvalidAction', `this account may not call ${name}`);
  checkRegion(core, request.headers['x-tc-region']);
  const fault = core.faults.takeError(name);
  if (fault !== undefined) throw new ApiError(fault.code, fault.message);
  if (!deps.limiter.admit(name))
    throw new ApiError('RequestLimitExceeded', `too many calls of ${name} within one second`);
  return action;
}

function route(actions: readonly Action[], version: string | undefined, name: string): Action {
  if (name === '') throw new ApiError('MissingParameter', 'the header X-TC-Action is required');
  const services = VERSIONS[version ?? ''];
  if (services === undefined)
    throw new ApiError(
      'NoSuchVersion',
      `X-TC-Version ${version ?? '(absent)'} is not known; known: ${Object.keys(VERSIONS).join(', ')}`,
    );
  const action = actions.find(
    (candidate) => candidate.name === name && candidate.services.some((service) => services.includes(service)),
  );
  if (action === undefined)
    throw new ApiError('InvalidAction', `${name} is not an action of version ${version} that this simulator has`);
  return action;
}

function checkRegion(core: CloudCore, region: string | undefined): void {
  if (region === undefined) throw new ApiError('MissingParameter', 'the header X-TC-Region is required');
  if (region !== core.region)
    throw new ApiError('UnsupportedRegion', `the account has nothing in ${region}; its region is ${core.region}`);
}

// Returned, not thrown: a request that is refused for another reason is logged with its body.
function parseBody(bytes: Uint8Array): Record<string, unknown> | ApiError {
  if (bytes.length === 0) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    return new ApiError('InvalidParameter', 'the body must be a JSON object');
  } catch (error) {
    return new ApiError('InvalidParameter', `the body is not JSON: ${errorText(error)}`);
  }
}

async function act(
  deps: GatewayDeps,
  action: Action,
  body: Record<string, unknown>,
  requestId: string,
): Promise<object> {
  const { core, tokens } = deps;
  const token = body['ClientToken'];
  const run = async (): Promise<object> => ({ ...(await action.run(body, { core, requestId })), RequestId: requestId });
  const honoured = action.takesToken && core.settings.clientTokenAllowed && typeof token === 'string' && token !== '';
  return honoured ? tokens.once(action.name, token, body, run) : run();
}
