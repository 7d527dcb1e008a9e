// A WebSocket of a client: messages in order, answers to pings, and an orderly end.
import { createInbox } from '../inbox.ts';
import type { RawConnection } from '../raw-connection.ts';
import { CLOSE, createMessageReader, encodeServerFrame, OPCODE, WebSocketFault } from './frames.ts';

export interface WebSocketConnection {
  /** What the client says, to be read once; ends with the connection. */
  readonly messages: AsyncIterable<Buffer>;
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed: Promise<void>;
  /** Sends a message whose data is `parts` together; resolves when more may be sent. */
  send(kind: 'text' | 'binary', ...parts: readonly Uint8Array[]): Promise<void>;
  /** Says goodbye; what was sent before arrives before. */
  close(code?: number): void;
}

/** What may wait to be read before the client is held up. */
const WAITING_MAX = 256 * 1024;
/** A client that does not answer the goodbye is left. */
const GOODBYE_MS = 5_000;

/** Takes over a connection after its handshake. */
export function openWebSocket(
  raw: RawConnection,
  after: (ms: number, act: () => void) => () => void,
): WebSocketConnection {
  const reader = createMessageReader();
  const inbox = createInbox<Buffer>(WAITING_MAX, () => raw.resume());
  const closed = Promise.withResolvers<void>();
  const state: { saidGoodbye: boolean; cancel: () => void } = { saidGoodbye: false, cancel: () => undefined };

  const finish = (): void => {
    state.cancel();
    inbox.end();
    raw.destroy();
    closed.resolve();
  };
  const close = (code: number = CLOSE.normal): void => {
    if (state.saidGoodbye) return;
    state.saidGoodbye = true;
    const reason = Buffer.alloc(2);
    reason.writeUInt16BE(code);
    void raw.write(encodeServerFrame(OPCODE.close, reason));
    state.cancel = after(GOODBYE_MS, finish);
    // Whatever still comes is of no interest, only the answer is.
    raw.resume();
  };
  const hear = (chunk: Buffer): void => {
    for (const { kind, data } of reader.take(chunk)) {
      if (kind === 'ping' && !state.saidGoodbye) void raw.write(encodeServerFrame(OPCODE.pong, data));
      if (kind === 'close') {
        close();
        raw.end();
        state.cancel();
        inbox.end();
        closed.resolve();
      }
      if ((kind === 'text' || kind === 'binary') && !state.saidGoodbye && inbox.put(data, data.length)) raw.pause();
    }
  };
  raw.listen((chunk) => {
    try {
      hear(chunk);
    } catch (error) {
      if (!(error instanceof WebSocketFault)) throw error;
      close(error.code);
      inbox.end();
    }
  }, finish);

  return {
    messages: inbox.items,
    closed: closed.promise,
    send: async (kind, ...parts) => {
      if (!state.saidGoodbye) await raw.write(encodeServerFrame(OPCODE[kind], ...parts));
    },
    close,
  };
}
