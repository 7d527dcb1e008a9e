// How V8 runs the agent. To be imported before everything else, since it acts where it is imported: NODE_OPTIONS, which sets the rest, does not
// take these, and a flag that is set once the program is loaded meets compilations under way.
import { setFlagsFromString } from 'node:v8';

/**
 * One agent on every node, next to the Pods: it collects sooner, and leaves out the optimizing compilers, whose pages, code and results win nothing
 * in calls that wait for the kernel (ADR 0032). What is compiled is compiled by the main thread: a thread beside it may wait for the main one to
 * collect while that one, on its way out, waits for it, and the process never ends (nodejs/node issue 54918).
 */
for (const flag of ['--optimize-for-size', '--no-opt', '--no-maglev', '--no-concurrent-sparkplug'])
  setFlagsFromString(flag);
