// The complete list of stories.
import { nodeSecurityGroups } from './node-security-groups.ts';
import { podEip } from './pod-eip.ts';
import { podSecurityGroupsSuperNode } from './pod-security-groups-super-node.ts';
import { podSecurityGroupsTrunk } from './pod-security-groups-trunk.ts';
import { podToPodTimeout } from './pod-to-pod-timeout.ts';
import { staticIp } from './static-ip.ts';
import { staticIpScheduler } from './static-ip-scheduler.ts';
import type { Story } from './story.ts';

export const stories: readonly Story[] = [
  nodeSecurityGroups,
  podSecurityGroupsSuperNode,
  podSecurityGroupsTrunk,
  podToPodTimeout,
  staticIp,
  staticIpScheduler,
  podEip,
];
