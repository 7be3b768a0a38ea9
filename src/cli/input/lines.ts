/** Lines of a file or of standard input, with their numbers; a byte-order mark and CR are not part of them. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

export async function* linesOf(file: string): AsyncGenerator<{ readonly text: string; readonly line: number }, void> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  let line = 0
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++
    yield { text: line === 1 ? text.replace(/^\uFEFF/, '') : text, line }
  }
}
