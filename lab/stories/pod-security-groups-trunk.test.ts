// Document 002, played whole on a fresh lab with real packets.
import { describe, it } from 'vitest';

import { podSecurityGroupsTrunk } from './pod-security-groups-trunk.ts';
import { playStory } from './testing/play-story.ts';

describe('story pod-security-groups-trunk', () => {
  it('goes as document 002 says, step by step, and leaves nothing in the cloud', { timeout: 240_000 }, () =>
    playStory(podSecurityGroupsTrunk),
  );
});
