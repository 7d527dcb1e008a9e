// For tests and benchmarks: commands run in a container through the API, as kubectl exec does, several at a time.
import { Writable } from 'node:stream';
import { Exec, KubeConfig } from '@kubernetes/client-node';
import type { V1Status } from '@kubernetes/client-node';

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Resolves when all have ended. Rejects with the first that did not end with 0, or whose output is not what `echo` was given. */
export async function execMany(
  kubeconfig: string,
  target: ExecTarget,
  { count, parallel }: { readonly count: number; readonly parallel: number },
): Promise<void> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const exec = new Exec(config);
  const next = { at: 0 };
  const worker = async (): Promise<void> => {
    while (next.at < count) {
      const word = `exec-${next.at++}`;
      const { text, status } = await one(exec, target, ['echo', word]);
      if (status !== 'Success' || text !== `${word}\n`)
        throw new Error(`${word}: ended with ${status}, output ${JSON.stringify(text)}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

async function one(
  exec: Exec,
  { namespace, pod, container }: ExecTarget,
  command: string[],
): Promise<{ readonly text: string; readonly status: string }> {
  const parts: Buffer[] = [];
  const collect = new Writable({
    write: (part: Buffer, _, done) => {
      parts.push(part);
      done();
    },
  });
  const ended = Promise.withResolvers<V1Status>();
  const socket = await exec.exec(namespace, pod, container, command, collect, null, null, false, ended.resolve);
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  // A connection that closes without a status is the failure to tell.
  void closed.then(() => ended.resolve({ status: 'no status' }));
  const { status = 'no status' } = await ended.promise;
  await closed;
  return { text: Buffer.concat(parts).toString('utf8'), status };
}
