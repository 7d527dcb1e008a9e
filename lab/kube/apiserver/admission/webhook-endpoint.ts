// Where a webhook is: its Service resolved, or its url.
import { errorText } from '../../../../src/base/errors.ts';
import type { ResolveService } from '../api-server.ts';
import type { Webhook } from './webhook-config.ts';
import { WebhookFailure } from './webhook-failure.ts';

export interface WebhookEndpoint {
  /** The address as messages show it. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Name that the certificate must carry. */
  readonly serverName: string;
}

/** Throws WebhookFailure when nothing answers for the Service. */
export async function endpointOf(
  { target, timeoutSeconds }: Webhook,
  resolveService: ResolveService,
): Promise<WebhookEndpoint> {
  if (target.kind === 'url') {
    const url = new URL(target.url);
    return {
      url: withTimeout(target.url, timeoutSeconds),
      host: url.hostname,
      port: Number(url.port || 443),
      path: withTimeout(`${url.pathname}${url.search}`, timeoutSeconds),
      serverName: url.hostname,
    };
  }
  const { namespace, name, port, path } = target;
  const found = await resolveService(namespace, name, port).catch((error: unknown) => {
    throw new WebhookFailure(`failed to call webhook: ${errorText(error)}`);
  });
  if (found === undefined)
    throw new WebhookFailure(`failed to call webhook: no endpoints available for service ${JSON.stringify(name)}`);
  const serverName = `${name}.${namespace}.svc`;
  const absolute = path.startsWith('/') ? path : `/${path}`;
  return {
    url: withTimeout(`https://${serverName}:${port}${absolute}`, timeoutSeconds),
    host: found.host,
    port: found.port,
    path: withTimeout(absolute, timeoutSeconds),
    serverName,
  };
}

const withTimeout = (url: string, seconds: number): string =>
  `${url}${url.includes('?') ? '&' : '?'}timeout=${seconds}s`;
