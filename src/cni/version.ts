// The versions of the CNI protocol that are spoken.

/** Oldest first. The C entry and its sh fallback print the same list. */
export const cniVersions = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof cniVersions)[number];

/** What errors are told in when the configuration's version cannot be read. */
export const NEWEST_CNI_VERSION: CniVersion = '1.1.0';

export const isCniVersion = (text: unknown): text is CniVersion =>
  typeof text === 'string' && (cniVersions as readonly string[]).includes(text);
