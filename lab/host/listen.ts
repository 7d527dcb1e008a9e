// The helper's side of a socket that is opened inside a network namespace and served by the lab.
import { spawn } from 'node:child_process';
import { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { TrunklineError } from '../../src/base/errors.ts';
import { enterArgv } from './enter.ts';
import { HOST_ERRORS } from './errors.ts';
import type { ListenRequest } from './protocol.ts';
import { listenerMessageSchema } from './protocol.ts';

/** Opens the socket by a short-lived node inside the namespace. Throws `HOST-LISTEN` with the kernel's reason. */
export async function openListener(request: ListenRequest, env: Readonly<Record<string, string>>): Promise<Server> {
  const program = fileURLToPath(new URL('./listener.ts', import.meta.url));
  const place = enterArgv({
    argv: [process.execPath, program, request.host, String(request.port)],
    netns: request.netns,
  });
  const [command = '', ...args] = place.argv;
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const where = `${request.host}:${request.port} in netns ${request.netns}`;
  return await new Promise((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new TrunklineError(HOST_ERRORS.listen, `listen on ${where}: ${reason}`));
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`the listener ended with code ${code} before it listened`));
    child.once('message', (raw: unknown, handle: unknown) => {
      const message = listenerMessageSchema.parse(raw);
      child.disconnect();
      if (message.kind === 'refused') fail(message.reason);
      else if (handle instanceof Server) resolve(handle);
      else fail('the listener sent no socket');
    });
  });
}
