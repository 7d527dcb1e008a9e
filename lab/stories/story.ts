// What a story is: named steps on a fresh lab, each printed with its outcome, stopping at the first wrong one.
import type { Kubectl } from '../kubectl.ts';
import type { Lab, LabOptions } from '../lab.ts';

export interface StoryContext {
  readonly lab: Lab;
  readonly kubectl: Kubectl;
  /** Runs one step. What it returns as `seen` is printed beside the title; throwing ends the story. */
  readonly step: <T>(title: string, work: () => Promise<T & { readonly seen?: string }>) => Promise<T>;
  /** Ends the step with what was expected and what was seen, unless `actual` equals `expected`. */
  readonly expect: (what: string, actual: unknown, expected: unknown) => void;
}

export interface Story {
  readonly name: string;
  /** The specification document it plays. */
  readonly document: string;
  readonly title: string;
  /** What its lab has that the default one has not. */
  readonly lab?: Pick<LabOptions, 'nodes' | 'superNodes' | 'instanceType' | 'grants' | 'ipMode' | 'ipScheduler'>;
  run(context: StoryContext): Promise<void>;
}

export class StoryFailure extends Error {
  override readonly name = 'StoryFailure';
}

/** A context that prints one line a step through `print`. */
export function createStoryContext(lab: Lab, kubectl: Kubectl, print: (line: string) => void): StoryContext {
  let number = 0;
  return {
    lab,
    kubectl,
    step: async (title, work) => {
      number += 1;
      const started = performance.now();
      const label = String(number).padStart(2);
      try {
        const result = await work();
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        print(`${label} ok    ${title}${result.seen === undefined ? '' : `: ${result.seen}`} (${seconds} s)`);
        return result;
      } catch (error) {
        print(`${label} WRONG ${title}: ${error instanceof Error ? error.message : String(error)}`);
        throw error;
      }
    },
    expect: (what, actual, expected) => {
      const [seen, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
      if (seen !== wanted) throw new StoryFailure(`${what}: expected ${wanted}, saw ${seen}`);
    },
  };
}
