// The keys, region and endpoint with which the command line asks the cloud: flags, then the environment as tccli and terraform read it, then a profile of tccli.
import { join } from 'node:path';

import { z } from 'zod';

import { TrunklineError } from '../base/errors.ts';
import { fileCredentials } from '../cloud/credentials-files.ts';
import { type CredentialSource, staticCredentials } from '../cloud/credentials.ts';
import type { CliWorld } from './context.ts';
import { cliErrors } from './errors.ts';

export interface CloudChoice {
  /** --region. */
  readonly region?: string | undefined;
  /** --cloud-endpoint: base URL for every service. */
  readonly endpoint?: string | undefined;
  /** --credentials-dir: a folder with secretId, secretKey and optionally token. */
  readonly credentialsDir?: string | undefined;
  /** --no-cloud. */
  readonly none?: boolean | undefined;
}

const profileSchema = z.looseObject({
  secretId: z.string().min(1),
  secretKey: z.string().min(1),
  token: z.string().optional(),
});
const configureSchema = z.looseObject({
  _sys_param: z.looseObject({ region: z.string().optional() }).optional(),
  vpc: z.looseObject({ endpoint: z.string().optional() }).optional(),
});

/** Where the cloud is asked. */
export interface CloudTarget {
  /** Absent: to be read from the add-on values of the cluster. */
  readonly region: string | undefined;
  /** Absent: the public endpoints. */
  readonly endpoint: string | undefined;
}

export interface CloudKeys {
  readonly credentials: CredentialSource;
  /** Where the keys come from, for people. */
  readonly from: string;
}

/** Throws CLI-USAGE for an endpoint that is no URL. */
export async function cloudTarget(world: CliWorld, choice: CloudChoice): Promise<CloudTarget> {
  const configured = configureSchema.safeParse(await jsonFile(world, `${profileOf(world)}.configure`)).data;
  const region = choice.region ?? setting(world, 'TENCENTCLOUD_REGION') ?? configured?._sys_param?.region;
  const endpoint =
    choice.endpoint ?? setting(world, 'TRUNKLINE_CLOUD_ENDPOINT') ?? withScheme(configured?.vpc?.endpoint);
  if (endpoint !== undefined && !isBaseUrl(endpoint))
    throw new TrunklineError(
      cliErrors.usage,
      `--cloud-endpoint=${endpoint}: expected a base URL such as http://127.0.0.1:8080`,
    );
  return { region: region === '' ? undefined : region, endpoint };
}

/** The keys, or a sentence that says why there are none. */
export async function cloudKeys(
  world: CliWorld,
  choice: CloudChoice,
): Promise<CloudKeys | { readonly reason: string }> {
  if (choice.none === true) return { reason: 'the cloud is not asked (--no-cloud)' };
  if (choice.credentialsDir !== undefined)
    return {
      from: `the folder ${choice.credentialsDir}`,
      credentials: fileCredentials({ directory: choice.credentialsDir, read: (path) => world.readFile(path) }),
    };
  const secretId = setting(world, 'TENCENTCLOUD_SECRET_ID');
  const secretKey = setting(world, 'TENCENTCLOUD_SECRET_KEY');
  if (secretId !== undefined && secretKey !== undefined) {
    const token = setting(world, 'TENCENTCLOUD_TOKEN') ?? setting(world, 'TENCENTCLOUD_SESSION_TOKEN');
    return { from: 'the environment', credentials: keys(secretId, secretKey, token) };
  }
  const profile = profileOf(world);
  const stored = profileSchema.safeParse(await jsonFile(world, `${profile}.credential`)).data;
  if (stored === undefined) return { reason: `there are no credentials for the cloud. ${cliErrors.cloudAccess.cure}` };
  return {
    from: `profile ${profile} of tccli`,
    credentials: keys(stored.secretId, stored.secretKey, stored.token),
  };
}

/** What --cloud-endpoint and its variable take. */
export const isBaseUrl = (text: string): boolean => /^https?:\/\/[^/]/.test(text);

const profileOf = ({ env }: CliWorld): string => env['TCCLI_PROFILE'] || 'default';

const keys = (secretId: string, secretKey: string, token: string | undefined): CredentialSource =>
  staticCredentials({ secretId, secretKey, ...(token === undefined || token === '' ? {} : { token }) });

function setting(world: CliWorld, name: string): string | undefined {
  const value = world.env[name];
  return value === undefined || value === '' ? undefined : value;
}

const withScheme = (endpoint: string | undefined): string | undefined =>
  endpoint !== undefined && /^https?:/.test(endpoint) ? endpoint : undefined;

async function jsonFile(world: CliWorld, name: string): Promise<unknown> {
  try {
    return JSON.parse(await world.readFile(join(world.home, '.tccli', name)));
  } catch {
    return undefined;
  }
}
