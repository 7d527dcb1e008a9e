// The metadata service of a machine with a CAM role: hands out temporary keys of that role over plain HTTP.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorText } from '../../../src/base/errors.ts';
import { IPAMD_ROLE } from './cam-presets.ts';
import { DEFAULT_SESSION_SECONDS, type Directory, type SessionKeys, type SimulatedAccount } from './directory.ts';

export interface MetadataServer {
  /** Base of every path, without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

const BASE = '/latest/meta-data';
const ROLES = `${BASE}/cam/security-credentials/`;
/** The same keys are given until less than this is left. GUESS. */
const RENEW_MS = 30 * 60_000;

/** Listens before it resolves. A role whose trust does not let cvm.qcloud.com take it on answers 404, like one that is not bound. */
export async function serveMetadata(
  options: { readonly host: string; readonly port: number; readonly roleName?: string },
  directory: Directory,
  account: SimulatedAccount,
): Promise<MetadataServer> {
  const bound = options.roleName ?? IPAMD_ROLE;
  let kept: SessionKeys | undefined;
  const keysOf = (roleName: string): SessionKeys | undefined => {
    const role = account.cam.roles.get(roleName);
    const trusted = role?.trust.some(
      ({ effect, principal }) => effect === 'allow' && principal.service.includes('cvm.qcloud.com'),
    );
    if (roleName !== bound || role === undefined || trusted !== true) return undefined;
    const left = (kept?.validUntil.getTime() ?? 0) - account.core.clock.now().getTime();
    if (kept === undefined || left < RENEW_MS)
      kept = directory.startSession(account, role, { session: 'cvm', durationSeconds: DEFAULT_SESSION_SECONDS });
    return kept;
  };
  const read = (path: string): string | undefined => {
    if (path === `${BASE}/placement/region`) return account.core.region;
    if (path === ROLES || path === ROLES.slice(0, -1)) return keysOf(bound) === undefined ? undefined : bound;
    if (!path.startsWith(ROLES)) return undefined;
    const keys = keysOf(path.slice(ROLES.length));
    return keys === undefined ? undefined : JSON.stringify(keysAnswer(keys));
  };
  const server = createServer((request, response) => answer(request, response, read));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    url: `http://${options.host}:${(server.address() as AddressInfo).port}${BASE}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, read: (path: string) => string | undefined): void {
  let status = 404;
  let text = 'not found';
  try {
    const known = request.method === 'GET' ? read((request.url ?? '').split('?')[0] ?? '') : undefined;
    if (known !== undefined) [status, text] = [200, known];
  } catch (error) {
    [status, text] = [500, errorText(error)];
  }
  response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** The fields that the SDK's CvmRoleCredential reads. */
function keysAnswer(keys: SessionKeys): object {
  return {
    TmpSecretId: keys.secretId,
    TmpSecretKey: keys.secretKey,
    ExpiredTime: keys.validUntil.getTime() / 1000,
    Expiration: keys.validUntil.toISOString().replace('.000Z', 'Z'),
    Token: keys.token,
    Code: 'Success',
  };
}
