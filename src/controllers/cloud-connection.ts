// The cloud of this cluster, from flags and add-on values: which endpoint, whose keys, what is counted.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { fileCredentials } from '../cloud/credentials-files.ts';
import { oidcCredentials } from '../cloud/credentials-oidc.ts';
import { roleCredentials } from '../cloud/credentials-role.ts';
import type { CredentialSource } from '../cloud/credentials.ts';
import { createTencentCloud, type TencentCloud } from '../cloud/tencent-cloud.ts';
import { dryRunCloud, type PlanLog } from './dry-run.ts';
import { ipamdErrors } from './errors.ts';
import type { IpamdMetrics } from './metrics.ts';

export interface CloudConnectionOptions {
  readonly region: string;
  /** Base URL for every service; absent: the public endpoints of the region. */
  readonly endpoint: string | undefined;
  readonly source: 'auto' | 'static' | 'cvm-role' | 'oidc';
  /** Folder with secretId, secretKey and optionally token. */
  readonly directory: string;
  /** For `cvm-role`; absent: the metadata service of every CVM. */
  readonly metadataUrl?: string | undefined;
  /** For `oidc`: TKE_PROVIDER_ID, TKE_ROLE_ARN and TKE_WEB_IDENTITY_TOKEN_FILE, as the platform sets them in a Pod. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly callTimeoutMs: number;
  readonly metrics: IpamdMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Present: nothing is changed in the cloud, and what would be is told here. */
  readonly plan?: PlanLog | undefined;
}

/** Nothing is sent yet. Throws IPAMD-CREDENTIALS-INVALID when `oidc` lacks a variable. */
export async function connectCloud(options: CloudConnectionOptions): Promise<TencentCloud> {
  const { region, endpoint, callTimeoutMs, metrics, clock, logger } = options;
  const cloud = createTencentCloud({
    credentials: await credentialsOf(options),
    region,
    ...(endpoint === undefined ? {} : { endpoints: { vpc: endpoint, cvm: endpoint, cam: endpoint } }),
    callTimeoutMs,
    metrics: metrics.cloud,
    clock,
    logger,
  });
  return options.plan === undefined ? cloud : dryRunCloud(cloud, options.plan);
}

async function credentialsOf(options: CloudConnectionOptions): Promise<CredentialSource> {
  const { source, directory, clock, metadataUrl } = options;
  const ofRole = (): CredentialSource =>
    roleCredentials({ clock, ...(metadataUrl === undefined ? {} : { metadataUrl }) });
  switch (source) {
    case 'static':
      return fileCredentials({ directory });
    case 'cvm-role':
      return ofRole();
    case 'oidc':
      return oidcSource(options);
    case 'auto':
      return (await exists(join(directory, 'secretId'))) ? fileCredentials({ directory }) : ofRole();
  }
}

function oidcSource({ env, clock, region, endpoint }: CloudConnectionOptions): CredentialSource {
  const variable = (name: string): string => {
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    throw new TrunklineError(
      ipamdErrors.credentialsInvalid,
      `--credential-source=oidc: environment variable ${name} is not set: expected where the platform injects OIDC`,
    );
  };
  return oidcCredentials({
    clock,
    region,
    providerId: variable('TKE_PROVIDER_ID'),
    roleArn: variable('TKE_ROLE_ARN'),
    tokenFile: variable('TKE_WEB_IDENTITY_TOKEN_FILE'),
    ...(endpoint === undefined ? {} : { stsEndpoint: endpoint }),
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
