// The complete list of stories.
import { podSecurityGroupsTrunk } from './pod-security-groups-trunk.ts';
import type { Story } from './story.ts';

export const stories: readonly Story[] = [podSecurityGroupsTrunk];
