// The story static-ip with the scheduler extender, which must change nothing of its outcome.
import { staticIp } from './static-ip.ts';
import type { Story } from './story.ts';

export const staticIpScheduler: Story = {
  ...staticIp,
  name: 'static-ip-scheduler',
  title: 'the same with tke-eni-ip-scheduler, which the scheduler asks about every Pod with an address of its node',
  lab: { ...staticIp.lab, ipScheduler: true },
};
