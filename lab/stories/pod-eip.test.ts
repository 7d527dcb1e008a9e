// EIPs of Pods, played whole on a fresh lab with real packets.
import { describe, it } from 'vitest';

import { podEip } from './pod-eip.ts';
import { playStory } from './testing/play-story.ts';

describe('story pod-eip', () => {
  it('goes step by step, each seen in the cloud, in the API and by packets', { timeout: 240_000 }, () =>
    playStory(podEip),
  );
});
