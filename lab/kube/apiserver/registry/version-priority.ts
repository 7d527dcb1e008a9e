// The order of API versions.

/** Kubernetes' order: stable before beta before alpha, then the higher number; other names last, by name. */
export function byVersionPriority(left: string, right: string): number {
  const rank = (version: string): readonly number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (match === null) return [0, 0, 0];
    return [match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [one, two] = [rank(left), rank(right)];
  for (const index of [0, 1, 2]) {
    const difference = (two[index] ?? 0) - (one[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left < right ? -1 : 1;
}
