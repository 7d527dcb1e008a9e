// Runs exec and attach between a client's streams and a session of the node.
import { errorText } from '../../../../src/base/errors.ts';
import { StreamRefusal } from './node-streams.ts';
import type { StreamSession } from './node-streams.ts';
import { endStatus, failedStatus } from './remote-status.ts';
import type { RemoteStatus } from './remote-status.ts';
import type { RemoteOptions, RemoteStreams } from './remote-streams.ts';

/** A session that was started, or why it was not. */
export type Started =
  | { readonly session: StreamSession }
  /** `atNode`: refused before any stream was opened, which older protocols are told by an HTTP status. */
  | { readonly session: undefined; readonly words: string; readonly atNode: boolean; readonly unreachable: boolean };

/** Never rejects. */
export async function startSession(start: () => Promise<StreamSession>): Promise<Started> {
  try {
    return { session: await start() };
  } catch (error) {
    const code = error instanceof StreamRefusal ? error.code : 500;
    return { session: undefined, words: errorText(error), atNode: code !== 500, unreachable: code === 504 };
  }
}

export interface RemoteCommand {
  readonly started: Started;
  readonly options: RemoteOptions;
  /** `error executing command in container` or its like for attach. */
  readonly failure: string;
  /** How a code that is not 0 is put in words. */
  readonly exitWords: (code: number) => string;
  /** The server opened the streams before it asked the node, as it does with v5; failures are then told once more. */
  readonly translated: boolean;
}

/** Carries everything until the process has ended and the client was told, or is gone. Never rejects. */
export async function runRemoteCommand(streams: RemoteStreams, command: RemoteCommand): Promise<void> {
  const { started } = command;
  if (started.session === undefined) {
    await streams.finish(refusalStatus(started, command));
    return;
  }
  const { session } = started;
  void streams.gone.then(() => session.leave());
  void feed(streams, session, command.options);
  void follow(streams, session);
  for await (const { stream, data } of session.output) await streams.output(stream, data);
  await streams.finish(endStatus(await session.ended, command.exitWords));
}

function refusalStatus(
  { words, atNode, unreachable }: Extract<Started, { words: string }>,
  command: RemoteCommand,
): RemoteStatus {
  if (unreachable) return failedStatus(words);
  if (atNode) return failedStatus(`unable to upgrade connection: ${words}`);
  const text = `${command.failure}: ${words}`;
  return failedStatus(command.translated ? `Internal error occurred: ${text}` : text);
}

async function feed({ stdin }: RemoteStreams, session: StreamSession, options: RemoteOptions): Promise<void> {
  for await (const chunk of stdin) await session.write(chunk);
  if (options.stdin) session.endInput();
}

async function follow({ sizes }: RemoteStreams, session: StreamSession): Promise<void> {
  for await (const { rows, columns } of sizes) session.resize(rows, columns);
}
