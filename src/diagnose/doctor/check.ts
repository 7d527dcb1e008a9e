// What a check of `doctor` is: a small pure judgement over what was gathered, with findings as data.
import type { Deployment, DoctorInput } from './input.ts';

export type { Deployment, DoctorInput };

/** `problem`: something does not work, or soon will not. `warning`: worth a look. `unknown`: it could not be asked. */
export type Severity = 'problem' | 'warning' | 'unknown';

export interface Finding {
  readonly severity: Severity;
  /** What it is about: `node 10.0.1.2`, `subnet-12ab34cd`, `action vpc:CreateNetworkInterface`. */
  readonly subject: string;
  /** One sentence. */
  readonly message: string;
  /** What `--fix` would do, or what a person has to. */
  readonly fix?: Fix;
}

export interface Fix {
  readonly text: string;
  /** A command line, ready to be pasted into a shell. */
  readonly command?: string;
  /** True: `doctor --fix` runs the command itself. False: it is a person's decision. */
  readonly automatic: boolean;
}

export interface Check {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly title: string;
  /** No finding: all is well. */
  run(input: DoctorInput): readonly Finding[];
}

/** Something could not be asked. */
export const unknown = (subject: string, why: string): Finding => ({ severity: 'unknown', subject, message: why });
