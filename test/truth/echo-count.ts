// Echo requests and replies of this namespace as the kernel counts them: says when pings that run as processes have sent, and have read, all they will.
import { readFileSync } from 'node:fs';

/** Of the current batch. */
export interface EchoCount {
  expectOne(): void;
  answeredOne(): void;
  /** Every request is sent, and every reply that has come in was read by its process. */
  settled(): Promise<void>;
  reset(): void;
}

/** Counts from now on. */
export function createEchoCount(): EchoCount {
  let expected = 0;
  let answered = 0;
  let base = counters();
  return {
    expectOne: () => {
      expected += 1;
    },
    answeredOne: () => {
      answered += 1;
    },
    settled: async () => {
      const done = (): boolean => {
        if (expected === 0) return true;
        const now = counters();
        return now.requests - base.requests >= expected && now.replies - base.replies <= answered;
      };
      while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    reset: () => {
      expected = 0;
      answered = 0;
      base = counters();
    },
  };
}

function counters(): { readonly requests: number; readonly replies: number } {
  const [names = [], values = []] = readFileSync('/proc/self/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Icmp: '))
    .map((line) => line.split(' '));
  const of = (name: string): number => Number(values[names.indexOf(name)]);
  return { requests: of('OutEchos'), replies: of('InEchoReps') };
}
