/** A call takes only so many arguments. */
const PIECE = 8_192

/** Bytes as a text with one character for each (ISO 8859-1). */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  return text
}
