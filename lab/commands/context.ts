// What every command of the lab is given.
import type { Style } from '../table.ts';

export interface CommandContext {
  readonly projectDir: string;
  /** Name of the lab; `lab` unless given. */
  readonly name: string;
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  readonly style: Style;
}
