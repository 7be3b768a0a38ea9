/** A text as a string of its UTF-8 bytes, which is what `btoa` takes. */
export function binaryOf(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return binary
}
