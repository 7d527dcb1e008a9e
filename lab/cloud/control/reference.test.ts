import { readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { defaultSettings } from '../settings.ts';
import { LAB_CLOUD_DOCUMENT, withGenerated } from './reference.ts';

test('docs/lab-cloud.md lists the actions and switches as they are; node lab/cloud/control/reference.ts renews it', async () => {
  const document = await readFile(LAB_CLOUD_DOCUMENT, 'utf8');
  expect(document).toBe(await withGenerated(document));
});

test('every switch has a meaning', async () => {
  const document = await readFile(LAB_CLOUD_DOCUMENT, 'utf8');
  for (const name of Object.keys(defaultSettings))
    expect(document).toMatch(new RegExp(`^\\| ${name} \\| .+ \\| \\S.+ \\|$`, 'm'));
});

test('a document without the markers is refused', async () => {
  await expect(withGenerated('# A document\n')).rejects.toThrow('<!-- generated: actions -->');
});
