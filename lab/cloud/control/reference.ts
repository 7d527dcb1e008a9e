// The parts of docs/lab-cloud.md that follow from the code; `node lab/cloud/control/reference.ts` writes them anew.
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { allActions } from '../actions/index.ts';
import { defaultSettings } from '../settings.ts';

export const LAB_CLOUD_DOCUMENT = resolve(import.meta.dirname, '../../../docs/lab-cloud.md');
const SETTINGS_SOURCE = resolve(import.meta.dirname, '../settings.ts');

/** The document with its generated parts renewed. Throws Error when a marker is missing. */
export async function withGenerated(document: string): Promise<string> {
  const switches = renderSwitches(await readFile(SETTINGS_SOURCE, 'utf8'));
  return replaced(replaced(document, 'actions', renderActions()), 'switches', switches);
}

/** One row per service with its actions in order of the alphabet. */
function renderActions(): string {
  const services = [...new Set(allActions.flatMap((action) => action.services))].toSorted();
  const rows = services.map((service) => {
    const names = allActions.filter((action) => action.services.includes(service)).map(({ name }) => name);
    return `| ${service} | ${names.length} | ${names.toSorted().join(', ')} |`;
  });
  return ['| service | actions | names |', '|---|---|---|', ...rows].join('\n');
}

/** One row per switch, with the sentence that stands above it in the source; neighbours share one. */
function renderSwitches(source: string): string {
  let comment = '';
  const comments = new Map<string, string>();
  for (const line of source.split('\n')) {
    const said = /^ {2}\/\*\* (.*) \*\/$/.exec(line)?.[1];
    const name = /^ {2}(\w+): .*;$/.exec(line)?.[1];
    if (said !== undefined) comment = said;
    if (name !== undefined && !comments.has(name)) comments.set(name, comment);
  }
  const rows = Object.entries(defaultSettings).map(
    ([name, value]) => `| ${name} | ${JSON.stringify(value)} | ${comments.get(name) ?? ''} |`,
  );
  return ['| switch | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

function replaced(document: string, part: string, content: string): string {
  const [open, close] = [`<!-- generated: ${part} -->`, `<!-- end: ${part} -->`];
  const [from, to] = [document.indexOf(open), document.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`the document lacks ${open} with ${close} after it`);
  return `${document.slice(0, from)}${open}\n${content}\n${document.slice(to)}`;
}

if (import.meta.main)
  await writeFile(LAB_CLOUD_DOCUMENT, await withGenerated(await readFile(LAB_CLOUD_DOCUMENT, 'utf8')));
