// The exit codes of the command line, the same for every command (docs/diagnosis.md, exit codes).

export const exitCodes = {
  /** Asked and answered, and nothing is wrong: the flow is delivered, nothing would change, no finding. */
  ok: 0,
  /** Asked and answered, and the answer wants attention: the flow is blocked, something would change, there are findings. */
  attention: 1,
  /** The command line or a file given to it is wrong; nothing was asked. Names that nothing or several things have, too. */
  usage: 2,
  /** No answer: what it depends on cannot be known from here. The output says what that is. */
  unknown: 3,
  /** The cluster or the cloud could not be asked at all, or the program failed. */
  failed: 4,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** What each means, for `--help`. */
export const exitCodeHelp = `Exit codes:
  0    nothing is wrong: delivered, no change, no finding
  1    the answer wants attention: blocked, something would change, findings
  2    the command line, a file or a name is wrong
  3    no answer: what it depends on cannot be known from here
  4    the cluster or the cloud could not be asked, or the program failed
  130  interrupted`;
