// Loaded with `node --import`: changes one line of one file of the server while it is loaded, as TRUNKLINE_MUTATION says.
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { mutate } from './mutation.ts';

const wanted = process.env['TRUNKLINE_MUTATION'];
if (wanted !== undefined) {
  const mutation = JSON.parse(wanted) as { file: string; find: string; replace: string };
  const target = pathToFileURL(resolve(import.meta.dirname, '../..', mutation.file)).href;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== target) return loaded;
      const { source } = loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
      return { ...loaded, source: mutate(text, mutation) };
    },
  });
}
