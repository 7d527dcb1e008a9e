// Document 003, with real packets.
import { describe, it } from 'vitest';

import { podToPodTimeout } from './pod-to-pod-timeout.ts';
import { playStory } from './testing/play-story.ts';

describe('story pod-to-pod-timeout', () => {
  it('goes step by step as documented, and every cause is found and mended', { timeout: 400_000 }, () =>
    playStory(podToPodTimeout),
  );
});
