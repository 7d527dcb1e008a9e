// The order in which test files start: those that run longest first, so that no worker is left alone with one of them at the end.
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of half a minute and more, the longest first; a folder or a part of a name. */
const LONG = [
  'test/parity/',
  'test/guest/',
  'lab/stories/pod-to-pod-timeout',
  'lab/stories/node-security-groups',
  'crash',
  'lab/commands/up',
  'lab/stories/',
  'test/walkthroughs/',
  'lab/enforcing-modes',
  'test/truth/',
  'frozen-leader',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const path = relative(project.config.root, moduleId);
      const at = LONG.findIndex((part) => path.includes(part));
      return at < 0 ? LONG.length : at;
    };
    // A stable sort: the rest as vitest has it.
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
