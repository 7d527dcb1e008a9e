// Addresses that stay, with the scheduler extender: both ways pass the same story.
import { describe, it } from 'vitest';

import { staticIpScheduler } from './static-ip-scheduler.ts';
import { playStory } from './testing/play-story.ts';

describe('story static-ip-scheduler', () => {
  it('goes step by step as without the extender', { timeout: 240_000 }, () => playStory(staticIpScheduler));
});
