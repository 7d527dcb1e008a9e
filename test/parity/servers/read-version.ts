// Which release a server says it is.
import { createHttpDriver } from '../drivers/http.ts';
import type { ServerVersion } from '../parity-server.ts';

/** Asks `/version`. Rejects when the server does not answer it. */
export async function readVersion(server: {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}): Promise<ServerVersion> {
  const http = createHttpDriver(server);
  try {
    const body = await http.ok('GET', '/version');
    return {
      gitVersion: String(body['gitVersion']),
      // What it emulates counts; releases before 1.33 do not say. Some distributions write `30+`.
      major: Number.parseInt(String(body['major']), 10),
      // Some distributions write `30+`.
      minor: Number.parseInt(String(body['minor']), 10),
    };
  } finally {
    http.close();
  }
}
