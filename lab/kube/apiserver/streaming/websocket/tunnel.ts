// A WebSocket as a plain connection: the bytes of its messages, whatever speaks in them.
import type { RawConnection } from '../raw-connection.ts';
import type { WebSocketConnection } from './connection.ts';

/** The messages are read as fast as `pause` allows; a client that is too fast waits in its own socket. */
export function tunnel(socket: WebSocketConnection): RawConnection {
  const state: { room: PromiseWithResolvers<void> | undefined } = { room: undefined };
  const resume = (): void => {
    state.room?.resolve();
    state.room = undefined;
  };
  return {
    listen: (onData, onEnd) => {
      void (async () => {
        for await (const message of socket.messages) {
          onData(message);
          await state.room?.promise;
        }
        onEnd();
      })();
    },
    write: (data) => socket.send('binary', data),
    pause: () => {
      state.room ??= Promise.withResolvers();
    },
    resume,
    end: () => {
      resume();
      socket.close();
    },
    destroy: () => {
      resume();
      socket.close();
    },
  };
}
