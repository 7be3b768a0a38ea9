/** Reads a run file line by line in constant memory. It is neither locked nor changed, so it may still grow. */
import { closeSync, fstatSync, openSync } from 'node:fs'
import { readReportLine } from './line.ts'
import type { Line } from './line.ts'
import { ConfigError } from '../core/error.ts'
import { systemReason } from '../core/system-reason.ts'
import { readLines } from '../store/line-reader.ts'

/** What was found besides the lines. */
export interface FileFacts {
  readonly bytes: number
  readonly lines: number
  /** Lines that were changed after writing, or are not lines of a run file. They are left out. */
  readonly damaged: number
  /** The number of the first of them, from 1. */
  readonly firstDamaged: number | undefined
  /** The last line has no end: the program that wrote it was killed, or is still writing. */
  readonly isTorn: boolean
}

const BYTE_ORDER_MARK = '\uFEFF'

/**
 * Calls `take` with what each line says. Rejects with a ConfigError if the file cannot be read or was never a run file.
 */
export async function readRunFile(path: string, take: (line: Line) => void): Promise<FileFacts> {
  const name = JSON.stringify(path)
  const fd = openToRead(path, name)
  try {
    let lines = 0
    let damaged = 0
    let good = 0
    let firstDamaged: number | undefined
    const takeLine = (bytes: Buffer, offset: number): void => {
      lines++
      const line = readReportLine(offset === 0 ? withoutMark(bytes) : bytes)
      if (line.kind === 'bad') {
        // A torn block may begin a file, but a first line that is text of another kind tells another format.
        if (good === 0 && damaged === 0 && !isTornBlock(bytes)) throw foreign(name, line.problem)
        damaged++
        firstDamaged ??= lines
        return
      }
      if (line.kind !== 'other') good++
      take(line)
    }
    const rest = await readLines(fd, takeLine)
    if (rest === undefined) throw foreign(name, `line ${lines + 1} is longer than any text may be`)
    const isTorn = rest.bytes.length > 0 && !isWhole(rest.bytes, takeLine, rest.offset, good + damaged === 0)
    return { bytes: fstatSync(fd).size, lines: lines + (isTorn ? 1 : 0), damaged, firstDamaged, isTorn }
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(name, error)
  } finally {
    closeSync(fd)
  }
}

/** The rest of a file that ends without a line end may still be a whole line. */
function isWhole(
  bytes: Buffer,
  take: (bytes: Buffer, offset: number) => void,
  offset: number,
  isOnlyLine: boolean,
): boolean {
  const isGood = readReportLine(offset === 0 ? withoutMark(bytes) : bytes).kind !== 'bad'
  // The beginning of the very first line, of a process that was killed at once.
  if (!isGood && isOnlyLine && !bytes.toString('latin1', 0, 2).startsWith('{"')) take(bytes, offset)
  if (isGood) take(bytes, offset)
  return isGood
}

const withoutMark = (bytes: Buffer): Buffer =>
  bytes.toString('utf8', 0, 3) === BYTE_ORDER_MARK ? bytes.subarray(3) : bytes

/** A line of our own that was damaged, or the zeros that a power loss leaves in its place. */
const isTornBlock = (bytes: Buffer): boolean =>
  bytes.every(byte => byte === 0) || /^\{"(?:v|intent|poll|run|pause|index)":/.test(bytes.toString('latin1', 0, 16))

function openToRead(path: string, name: string): number {
  try {
    const fd = openSync(path, 'r')
    if (fstatSync(fd).isFile()) return fd
    const what = fstatSync(fd).isDirectory() ? 'a folder' : 'not a regular file'
    closeSync(fd)
    throw new ConfigError([
      { cannot: `read ${name}`, because: `it is ${what}`, remedy: 'Give the path of a run file, as in "run.jsonl".' },
    ])
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(name, error)
  }
}

function foreign(name: string, problem: string): ConfigError {
  const remedy =
    'Give the file of -o FILE.jsonl or of the option resume; a report of CSV or SQLite results is not possible.'
  return new ConfigError([`${name} is not a run file: line 1 is not one that a run writes: ${problem}. ${remedy}`])
}

const unreadable = (name: string, error: unknown): ConfigError =>
  new ConfigError([{ cannot: `read ${name}`, because: systemReason(error) }])
