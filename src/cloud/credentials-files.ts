// Keys from files of a mounted Secret, read again when they change.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { errorText } from '../base/errors.ts';
import type { Credential, CredentialSource } from './credentials.ts';
import { CloudError, cloudErrors } from './errors.ts';

export interface FileCredentialOptions {
  /** Holds `secretId`, `secretKey` and, optionally, `token`, as keys of a Secret appear in a mount. */
  readonly directory: string;
  /** For tests; default reads the file system. */
  readonly read?: (path: string) => Promise<string>;
}

/** A change is seen by the next call: three small files of a memory file system are cheaper than a watch that can be missed. */
export function fileCredentials(options: FileCredentialOptions): CredentialSource {
  const { directory, read = (path) => readFile(path, 'utf8') } = options;
  return {
    get: async () => {
      // A Secret is swapped as a whole while we read: two equal readings are one version of it.
      let before = await readAll(directory, read);
      for (let tries = 0; tries < 3; tries += 1) {
        const after = await readAll(directory, read);
        if (after.secretId === before.secretId && after.secretKey === before.secretKey && after.token === before.token)
          return after;
        before = after;
      }
      return before;
    },
  };
}

async function readAll(directory: string, read: (path: string) => Promise<string>): Promise<Credential> {
  const one = async (name: string): Promise<string> => {
    const path = join(directory, name);
    try {
      const text = (await read(path)).trim();
      if (text !== '') return text;
    } catch (error) {
      throw new CloudError(
        cloudErrors.credentials,
        `cannot read ${path}: ${errorText(error)}; the Secret must have the keys secretId and secretKey`,
        { action: 'credentials', cause: error },
      );
    }
    throw new CloudError(
      cloudErrors.credentials,
      `${path} is empty; the Secret must have the keys secretId and secretKey`,
      { action: 'credentials' },
    );
  };
  const token = await read(join(directory, 'token')).then(
    (text) => text.trim(),
    () => '',
  );
  return { secretId: await one('secretId'), secretKey: await one('secretKey'), ...(token === '' ? {} : { token }) };
}
