/** Lines of a text with their numbers; a byte-order mark and CR are not part of them. */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export async function* linesOf(
  input: Readable,
): AsyncGenerator<{ readonly text: string; readonly line: number }, void> {
  let line = 0
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++
    yield { text: line === 1 ? text.replace(/^\uFEFF/, '') : text, line }
  }
}
