// Where the keys that sign requests come from; each source refreshes by itself, without a restart.

/** Keys for one request. `token` only with temporary keys. */
export interface Credential {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string;
}

export interface CredentialSource {
  /** Keys that are valid now and for the next minutes. Throws CloudError CLOUD-CREDENTIALS when there are none. */
  get(signal?: AbortSignal): Promise<Credential>;
}

/** Keys that are known and do not change. */
export function staticCredentials(credential: Credential): CredentialSource {
  return { get: () => Promise.resolve(credential) };
}
