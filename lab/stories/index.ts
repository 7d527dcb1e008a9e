// The complete list of stories.
import { nodeSecurityGroups } from './node-security-groups.ts';
import { podSecurityGroupsTrunk } from './pod-security-groups-trunk.ts';
import type { Story } from './story.ts';

export const stories: readonly Story[] = [nodeSecurityGroups, podSecurityGroupsTrunk];
