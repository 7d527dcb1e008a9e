// Document 000, played whole on a fresh lab with real packets.
import { describe, it } from 'vitest';

import { nodeSecurityGroups } from './node-security-groups.ts';
import { playStory } from './testing/play-story.ts';

describe('story node-security-groups', () => {
  it('goes as document 000 says, step by step, in the cloud and by packets', { timeout: 240_000 }, () =>
    playStory(nodeSecurityGroups),
  );
});
