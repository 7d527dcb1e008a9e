// Requests for pods/exec and pods/attach: from their query to streams that run.
import type { Core, Scope } from '../core.ts';
import type { Reply } from '../http/reply.ts';
import { textReply } from '../http/reply.ts';
import { methodNotAllowed } from '../status.ts';
import { queryFlag } from './query-flag.ts';
import { runRemoteCommand, startSession } from './remote-command.ts';
import type { RemoteCommand, Started } from './remote-command.ts';
import type { RemoteOptions, RemoteStreams } from './remote-streams.ts';
import { spdyRemoteStreams } from './spdy/remote-streams.ts';
import { isSpdyRequest, spdyProtocol, switchToSpdy } from './spdy/handshake.ts';
import { nodeStreams, streamedPod } from './stream-target.ts';
import { requireUpgrade, switchToWebSocket } from './upgrade.ts';
import type { Upgrade, UpgradeRequest } from './upgrade.ts';
import { channelStreams, chooseProtocol } from './websocket/channels.ts';
import { openWebSocket } from './websocket/connection.ts';
import { isWebSocketRequest } from './websocket/handshake.ts';

/** Protocols of remote commands over SPDY, the newest first. */
const SPDY_PROTOCOLS = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io'] as const;

const V5 = 'v5.channel.k8s.io';

/** Serves a request; `undefined` when its connection is a stream now. Throws StatusError. */
export async function serveRemoteCommand(
  core: Core,
  scope: Scope,
  asked: UpgradeRequest,
  kind: 'exec' | 'attach',
): Promise<Reply | undefined> {
  const { request } = asked;
  if (request.method !== 'GET' && request.method !== 'POST') throw methodNotAllowed();
  const pod = streamedPod(core, scope, scope.query.get('container') ?? '');
  const node = nodeStreams(core, pod);
  const upgrade = requireUpgrade(asked);
  const options = remoteOptions(scope.query);
  if (!options.stdin && !options.stdout && !options.stderr)
    return textReply('you must specify at least 1 of stdin, stdout, stderr', 400);
  const command = scope.query.getAll('command');
  const start = (): ReturnType<typeof node.exec> =>
    kind === 'attach'
      ? node.attach(pod.target)
      : node.exec(pod.target, { command, stdin: options.stdin, tty: options.tty });

  const started = await startSession(start);
  const run = (streams: RemoteStreams, protocol: string): void =>
    void runRemoteCommand(streams, { ...remoteCommand(kind, command, protocol), started, options });
  const refused = refusalBeforeStreams(started);
  if (isWebSocketRequest(request)) {
    return openChannels(core, asked, upgrade, options, { refused, run, started });
  }
  if (!isSpdyRequest(request)) throw leave(started, methodNotAllowed());
  if (refused !== undefined) return refused;
  const protocol = spdyProtocol(request, SPDY_PROTOCOLS);
  const spdy = switchToSpdy(asked, upgrade, protocol);
  void spdyRemoteStreams(spdy, protocol, options).then(
    (streams) => run(streams, protocol),
    () => started.session?.leave(),
  );
  return undefined;
}

function openChannels(
  core: Core,
  asked: UpgradeRequest,
  upgrade: Upgrade,
  options: RemoteOptions,
  {
    refused,
    run,
    started,
  }: {
    readonly refused: Reply | undefined;
    readonly run: (streams: RemoteStreams, protocol: string) => void;
    readonly started: Started;
  },
): Reply | undefined {
  const chosen = { name: '' };
  try {
    const { raw, protocol } = switchToWebSocket(asked, upgrade, (offered) => {
      const found = chooseProtocol(offered);
      chosen.name = found?.name ?? '';
      // With v5 the server itself speaks to the client before it asks the node, so its refusals come over the stream.
      if (refused !== undefined && found?.name !== V5) throw new RefusedByNode();
      return found;
    });
    const socket = openWebSocket(raw, (ms, act) => core.clock.after(ms, act));
    run(channelStreams(socket, protocol, options), protocol.name);
    return undefined;
  } catch (error) {
    started.session?.leave();
    if (error instanceof RefusedByNode) return refused;
    throw error;
  }
}

class RefusedByNode extends Error {}

function leave(started: Started, error: Error): Error {
  started.session?.leave();
  return error;
}

function refusalBeforeStreams(started: Started): Reply | undefined {
  return started.session === undefined && started.atNode ? textReply(started.words, 500) : undefined;
}

function remoteCommand(
  kind: 'exec' | 'attach',
  command: readonly string[],
  protocol: string,
): Omit<RemoteCommand, 'started' | 'options'> {
  const translated = protocol === V5;
  return {
    failure: kind === 'exec' ? 'error executing command in container' : 'error attaching to container',
    translated,
    exitWords: (code) =>
      translated
        ? `command terminated with exit code ${code}`
        : `error executing command [${command.join(' ')}], exit code ${code}`,
  };
}

/** A terminal has one output only. */
function remoteOptions(query: URLSearchParams): RemoteOptions {
  const tty = queryFlag(query, 'tty');
  return {
    stdin: queryFlag(query, 'stdin'),
    stdout: queryFlag(query, 'stdout'),
    stderr: queryFlag(query, 'stderr') && !tty,
    tty,
  };
}
