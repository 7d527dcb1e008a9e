// Where a text stops being base64: bytes that Go's decoder would refuse, by position.

/** The position of the first byte that is no standard base64 with padding, or `undefined`. Line breaks are skipped. */
export function illegalBase64At(text: string): number | undefined {
  let count = 0;
  let padding = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '\n' || letter === '\r') continue;
    if (letter === '=') {
      // Padding comes only as the last one or two of a group of four.
      if (count % 4 < 2 && padding === 0) return at;
      padding += 1;
      if (padding > 2) return at;
    } else if (padding > 0 || !/[A-Za-z0-9+/]/.test(letter)) return at;
    count += 1;
  }
  return count % 4 === 0 ? undefined : text.length;
}
