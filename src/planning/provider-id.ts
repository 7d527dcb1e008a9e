// The CVM behind a node, from its provider id. Pure.

/** `ins-...` at the end of `qcloud:///<zone>/ins-xxxxxxxx`; nothing for any other provider or shape. */
export function instanceIdOf(providerId: string | undefined): string | undefined {
  return /^qcloud:\/\/\/[^/]+\/(ins-[a-z0-9]+)$/.exec(providerId ?? '')?.[1];
}
