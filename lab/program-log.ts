// What a program of the lab has written: the logs of its container's last two runs, one behind the other.
import { StreamRefusal } from './kube/apiserver/index.ts';
import type { NodeStreams, StreamTarget } from './kube/apiserver/index.ts';

/** Rejects when the container has no log yet. */
export async function programLog(streams: NodeStreams, target: StreamTarget): Promise<string> {
  const before = await textOf(streams, target, true).catch((error: unknown) => {
    // It never ended.
    if (error instanceof StreamRefusal) return '';
    throw error;
  });
  return before + (await textOf(streams, target, false));
}

async function textOf(streams: NodeStreams, target: StreamTarget, previous: boolean): Promise<string> {
  const options = { follow: false, previous, timestamps: false };
  const chunks: Uint8Array[] = [];
  for await (const chunk of await streams.logs(target, options, new AbortController().signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
