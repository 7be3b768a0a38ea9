/** Reads the file of a sealed chunk, and finds out whether it is whole. */
import { createReadStream } from 'node:fs'
import type { Chunk } from './chunk.ts'
import type { Counts } from './seal.ts'
import { isMeant } from '../../core/failure-codes.ts'
import type { MeantFailures } from '../../core/failure-codes.ts'
import { readLine } from '../../store/run-lines.ts'

const LF = 10

/** The lines of a file, each with its line end, in groups. */
export async function* linesOf(path: string): AsyncGenerator<Buffer[], void> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    const bytes: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    const lines: Buffer[] = []
    let from = 0
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, from)) {
      lines.push(bytes.subarray(from, end + 1))
      from = end + 1
    }
    rest = bytes.subarray(from)
    yield lines
  }
  if (rest.length > 0) yield [rest]
}

/** @param failures which ones are counted in `meant` */
export async function countsOf(
  path: string,
  failures: MeantFailures = false,
): Promise<Counts & { readonly meant: number }> {
  let ok = 0
  let failed = 0
  let meant = 0
  for await (const lines of linesOf(path)) {
    for (const line of lines) {
      const reading = readLine(line.subarray(0, -1))
      if (reading.kind !== 'done') continue
      if (reading.line.ok) ok++
      else {
        failed++
        if (isMeant(failures, reading.line.error?.code)) meant++
      }
    }
  }
  return { ok, failed, meant }
}

/** What is wrong with a sealed file; the sentence begins with its path. */
export class Incomplete extends Error {
  override readonly name = 'Incomplete'
}

/** Whole lines of a run file, which were written as they are. */
export interface CheckedLines {
  readonly bytes: Buffer
  /** How many of the lines are results, and how many of these are failures. */
  readonly results: number
  readonly failed: number
}

/** The lines of a sealed chunk, each checked, in groups. Throws Incomplete. */
export async function* checkedLines(path: string, { from, rows }: Chunk): AsyncGenerator<CheckedLines, void> {
  let due = from
  let number = 0
  for await (const lines of linesOf(path)) {
    let failed = 0
    for (const line of lines) {
      number++
      const reading = line.at(-1) === LF ? readLine(line.subarray(0, -1)) : undefined
      if (reading?.kind !== 'done') throw new Incomplete(`${path}:${number}: expected a result, got a damaged line`)
      const { index, ok } = reading.line
      if (index !== due)
        throw new Incomplete(`${path}:${number}: expected the result of request ${due}, got that of ${index}`)
      due++
      if (!ok) failed++
    }
    if (lines.length > 0) yield { bytes: Buffer.concat(lines), results: lines.length, failed }
  }
  if (due !== from + rows) throw new Incomplete(`${path}: expected ${rows} results, got ${due - from}`)
}
