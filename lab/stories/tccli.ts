// Document 001's tccli lines against the lab's cloud: typed where tccli is at hand, otherwise what it was recorded to send.
import { hasTccli, replayTccli, runTccli, type TccliLine } from '../cloud/recorded-tccli.ts';
import type { StoryContext } from './story.ts';

export interface TccliDesk {
  /** How the lines reach the cloud, for people. */
  readonly how: string;
  /** What the line prints, as a shell's `$(... | sed 's/\"//g')` takes it. Rejects with the service's words when it refuses. */
  type(line: TccliLine): Promise<string>;
}

export function openTccliDesk({ lab }: StoryContext): TccliDesk {
  const cloud = lab.simulator;
  const present = hasTccli();
  return {
    how: present
      ? 'typed with tccli'
      : 'NOT RUN with tccli, which is not installed: its recorded requests are replayed',
    type: async (line) => {
      const { stdout } = present ? await runTccli(cloud, line) : await replayTccli(cloud, line, new Date());
      return stdout.trim().replaceAll('"', '');
    },
  };
}
