// Document 001, played whole on a fresh lab with real packets.
import { describe, it } from 'vitest';

import { podSecurityGroupsSuperNode } from './pod-security-groups-super-node.ts';
import { playStory } from './testing/play-story.ts';

describe('story pod-security-groups-super-node', () => {
  it('goes as document 001 says, step by step, in the cloud, in the cluster and by packets', { timeout: 240_000 }, () =>
    playStory(podSecurityGroupsSuperNode),
  );
});
