// What happens to a request before and around its action: authentication, routing, permission, limits, faults, tokens, log.
import { isUtf8 } from 'node:buffer';

import { errorText } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import type { Action, Service } from './action.ts';
import { ApiError } from './api-error.ts';
import type { CloudCore } from './core.ts';
import { authorize } from './identity/authorize.ts';
import { type Caller, callerName } from './identity/caller.ts';
import type { Directory, SimulatedAccount } from './identity/directory.ts';
import { messageIn } from './languages.ts';
import { queryParameters } from './query-parameters.ts';
import type { RequestLog } from './request-log.ts';
import { createSignatureVerifier, type SignedRequest } from './signature.ts';

export interface GatewayDeps {
  readonly directory: Directory;
  readonly logger: Logger;
  readonly actions: readonly Action[];
  readonly log: RequestLog;
  /** What the timestamps of signatures are compared with; default the first account's clock. */
  readonly clientTime?: () => Date;
}

/** `dropped`: the call acted and its answer must not arrive. */
export type GatewayAnswer = { readonly kind: 'answer'; readonly response: object } | { readonly kind: 'dropped' };

/** X-TC-Version to the services behind it; vpc and cvm share theirs, tag and sts theirs. */
const VERSIONS: Readonly<Record<string, readonly Service[]>> = {
  '2017-03-12': ['vpc', 'cvm'],
  '2018-05-25': ['tke'],
  '2018-08-13': ['tag', 'sts'],
  '2019-01-16': ['cam'],
};

/** Services that know no regions. GUESS: X-TC-Region is taken whatever it says. */
const GLOBAL_SERVICES: ReadonlySet<Service> = new Set<Service>(['cam', 'sts']);

interface Sender {
  readonly account: SimulatedAccount;
  readonly caller: Caller;
}

/** Answers every request with a `Response` object; never throws. */
export function createGateway(deps: GatewayDeps): (request: SignedRequest) => Promise<GatewayAnswer> {
  const { directory, log, logger } = deps;
  const verify = createSignatureVerifier((secretId) => directory.findKey(secretId));
  const routes = routesOf(deps.actions);
  const senderOf = (request: SignedRequest, name: string): Sender => {
    // STS takes the token as the proof; the SDK says SKIP where the signature would stand (facts, section 3.1).
    if (name === 'AssumeRoleWithWebIdentity' && request.headers['authorization'] === 'SKIP')
      return { account: directory.main, caller: { kind: 'anonymous' } };
    const now = directory.main.core.clock.now();
    return verify(request, now, deps.clientTime?.() ?? now);
  };
  return async (request) => {
    const { core: first } = directory.main;
    const requestId = first.ids.uuid();
    const at = first.clock.monotonicMs();
    const name = request.headers['x-tc-action'] ?? '';
    const parsed = parametersOf(request);
    const body = parsed instanceof ApiError ? null : parsed;
    let sender: Sender | undefined;
    let response: object;
    let outcome = 'ok';
    try {
      checkProtocol(request, name);
      sender = senderOf(request, name);
      const action = route(routes, request.headers['x-tc-version'], name);
      const { account, caller } = sender;
      if (!action.allowed(account.core)) throw new ApiError('InvalidAction', `this account may not call ${name}`);
      authorize({ account, caller, action, body: body ?? {}, requestId });
      const delayMs = account.core.faults.takeDelay(name);
      if (delayMs > 0) await account.core.clock.sleep(delayMs);
      admit(account, action, request);
      if (parsed instanceof ApiError) throw parsed;
      const acted = await act(directory, sender, action, parsed, requestId);
      response = account.core.faults.takePage(name, acted);
    } catch (error) {
      const refused = error instanceof ApiError ? error : new ApiError('InternalError', errorText(error));
      if (!(error instanceof ApiError))
        logger.error({ action: name, err: error }, 'an action of the simulated cloud broke');
      outcome = refused.code;
      const Message = messageIn(request.headers['x-tc-language'], refused.code, refused.message);
      response = { Error: { Code: refused.code, Message }, RequestId: requestId };
    }
    // Only of a call that acted: a refusal that is not heard leaves nothing to find out.
    const dropped = outcome === 'ok' && (sender?.account.core ?? first).faults.takeDrop(name);
    log.add({
      action: name,
      body,
      client: request.headers['x-tc-requestclient'] ?? '',
      account: sender?.account.uin ?? '',
      caller: sender === undefined ? '' : callerName(sender.caller),
      at,
      outcome: dropped ? 'dropped' : outcome,
      requestId,
    });
    return dropped ? { kind: 'dropped' } : { kind: 'answer', response };
  };
}

function checkProtocol(request: SignedRequest, name: string): void {
  const { method } = request;
  if (method !== 'POST' && method !== 'GET')
    throw new ApiError('UnsupportedProtocol', `${method} is not part of API 3.0; send POST or GET`);
  const type = request.headers['content-type'];
  // A form is looked at once more by the signature check, which knows the older signatures that came in forms.
  const isForm = type?.startsWith('application/x-www-form-urlencoded') === true;
  if (method === 'POST' && type !== 'application/json' && !(isForm && /(^|&)Signature=/.test(formText(request))))
    throw new ApiError(
      'UnsupportedProtocol',
      'Content-Type of a POST must be exactly application/json; forms and files are not simulated',
    );
  if (name === '' && request.headers['authorization'] !== undefined)
    throw new ApiError('MissingParameter', 'the header X-TC-Action is required');
}

const formText = (request: SignedRequest): string => Buffer.from(request.body.subarray(0, 65_536)).toString('latin1');

/** Version and action name, and nothing else, decide (facts, section 1.6). */
function routesOf(actions: readonly Action[]): ReadonlyMap<string, Action> {
  return new Map(
    Object.entries(VERSIONS).flatMap(([version, services]) =>
      actions
        .filter((action) => action.services.some((service) => services.includes(service)))
        .map((action) => [`${version}/${action.name}`, action] as const),
    ),
  );
}

function route(routes: ReadonlyMap<string, Action>, version: string | undefined, name: string): Action {
  if (!Object.hasOwn(VERSIONS, version ?? ''))
    throw new ApiError(
      'NoSuchVersion',
      `X-TC-Version ${version ?? '(absent)'} is not known; known: ${Object.keys(VERSIONS).join(', ')}`,
    );
  const action = routes.get(`${version}/${name}`);
  if (action === undefined)
    throw new ApiError('InvalidAction', `${name} is not an action of version ${version} that this simulator has`);
  return action;
}

function admit({ core, limiter }: SimulatedAccount, action: Action, request: SignedRequest): void {
  if (!action.services.some((service) => GLOBAL_SERVICES.has(service)))
    checkRegion(core, request.headers['x-tc-region']);
  const fault = core.faults.takeError(action.name);
  if (fault !== undefined) throw new ApiError(fault.code, fault.message);
  if (!limiter.admit(action.name))
    throw new ApiError('RequestLimitExceeded', `too many calls of ${action.name} within one second`);
}

function checkRegion(core: CloudCore, region: string | undefined): void {
  if (region === undefined) throw new ApiError('MissingParameter', 'the header X-TC-Region is required');
  if (region !== core.region)
    throw new ApiError('UnsupportedRegion', `the account has nothing in ${region}; its region is ${core.region}`);
}

// Returned, not thrown: a request that is refused for another reason is logged with its body.
function parametersOf(request: SignedRequest): Record<string, unknown> | ApiError {
  try {
    return request.method === 'GET' ? queryParameters(request.query ?? '') : parseBody(request.body);
  } catch (error) {
    return error instanceof ApiError
      ? error
      : new ApiError('InvalidParameter', `the body is not JSON: ${errorText(error)}`);
  }
}

function parseBody(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) return {};
  if (!isUtf8(bytes)) throw new ApiError('InvalidParameter', 'the body is not UTF-8');
  const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ApiError('InvalidParameter', 'the body must be a JSON object');
}

async function act(
  directory: Directory,
  { account, caller }: Sender,
  action: Action,
  body: Record<string, unknown>,
  requestId: string,
): Promise<object> {
  const { core, tokens } = account;
  const token = body['ClientToken'];
  const run = async (): Promise<object> => ({
    RequestId: requestId,
    ...(await action.run(body, { core, requestId, caller, account, directory })),
  });
  const honoured = action.takesToken && core.settings.clientTokenAllowed && typeof token === 'string' && token !== '';
  return honoured ? tokens.once(action.name, token, body, run) : run();
}
