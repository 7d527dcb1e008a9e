// What a reboot does to the files of a machine: what its programs left in /run and /tmp is gone.

/**
 * For busybox' shell, inside a root. What is mounted below (the lab's own /run/netns, a project or a state directory that lies in /tmp or
 * /run) belongs to the user and stays: find keeps to the file system, rm is never recursive, and rmdir takes no mount point.
 */
export const FORGET_RUN = [
  'find /run /tmp -xdev -mindepth 1 ! -type d -exec rm -f {} + 2>/dev/null',
  'find /run /tmp -xdev -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null',
  'exit 0',
].join('\n');
