// Where the agent finds a namespace that the runtime names.

/**
 * Runtimes keep their namespaces in /run/netns and name them there or below /var/run, which need not be the same directory in the agent's own
 * image: `directory` is where that directory is mounted. Any other path is used as it is.
 */
export const netnsFinder =
  (directory: string) =>
  (path: string): string =>
    path.replace(/^\/(?:var\/)?run\/netns\/(?=[^/]+$)/, `${directory}/`);
