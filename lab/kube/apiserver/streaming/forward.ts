// Carries one forwarded connection between a client's two halves and a session of the node.
import { errorText } from '../../../../src/base/errors.ts';
import type { StreamSession } from './node-streams.ts';

/** The client's side of one forwarded connection. */
export interface ForwardedClient {
  readonly data: AsyncIterable<Uint8Array>;
  /** Resolves when the client's connection is over. */
  readonly gone: Promise<void>;
  send(data: Uint8Array): Promise<void>;
  /** In words, when the port cannot be reached. */
  refuse(message: string): Promise<void>;
  /** The port has said its last word. */
  end(): Promise<void>;
}

/** Resolves when both directions are done. Never rejects. */
export async function forward(client: ForwardedClient, connect: () => Promise<StreamSession>): Promise<void> {
  try {
    const session = await connect();
    void client.gone.then(() => session.leave());
    void feed(client, session);
    for await (const { data } of session.output) await client.send(data);
  } catch (error) {
    await client.refuse(errorText(error));
  }
  await client.end();
}

async function feed({ data }: ForwardedClient, session: StreamSession): Promise<void> {
  for await (const chunk of data) await session.write(chunk);
  session.endInput();
}
