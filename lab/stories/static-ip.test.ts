// Addresses that stay, played whole on a fresh lab with real packets.
import { describe, it } from 'vitest';

import { staticIp } from './static-ip.ts';
import { playStory } from './testing/play-story.ts';

describe('story static-ip', () => {
  it('goes step by step, each seen in the cloud, in the API and by packets', { timeout: 240_000 }, () =>
    playStory(staticIp),
  );
});
