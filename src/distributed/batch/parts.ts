/**
 * The results of a chunk that is not done: part files, each written by one start of the chunk (its epoch). A process
 * that was stopped for a while and then went on may write parts beside those of its successor, so a position may be in
 * several of them: the lowest epoch wins, everywhere.
 */
import { open, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chunkFolder, chunkName } from './chunk.ts'
import type { Chunk } from './chunk.ts'
import { codeOf } from './disk.ts'
import { Recovery } from '../../store/recovery.ts'
import { readLine, writeLine } from '../../store/run-lines.ts'
import type { Doubt, RecordedJob } from '../../core/journal.ts'

export interface PartName {
  readonly file: string
  readonly epoch: number
  readonly part: number
}

/** Where the line of a request is. */
export interface Place {
  readonly file: string
  readonly offset: number
  /** With its line end. */
  readonly length: number
  readonly ok: boolean
}

/** What the parts of a chunk say. */
export interface Past {
  readonly parts: readonly PartName[]
  /** By position. */
  readonly done: ReadonlyMap<number, Place>
  readonly doubts: ReadonlyMap<string, Doubt>
  readonly jobs: ReadonlyMap<string, RecordedJob>
}

const LF = 10

export const partName = (chunk: number, epoch: number, part: number): string =>
  `${chunkName(chunk)}.e${epoch}.p${part}.ndjson`

/** The file of a chunk that is done. */
export const sealedPath = (results: string, chunk: number): string =>
  join(results, chunkFolder(chunk), `${chunkName(chunk)}.ndjson`)

export const partFolder = (results: string, chunk: number): string => join(results, chunkFolder(chunk))

/** The parts of a chunk, in the order in which they count. */
export async function partsOf(results: string, chunk: number): Promise<PartName[]> {
  const found: PartName[] = []
  const pattern = new RegExp(String.raw`^${chunkName(chunk)}\.e(\d+)\.p(\d+)\.ndjson$`)
  for (const file of await namesIn(partFolder(results, chunk))) {
    const [, epoch, part] = pattern.exec(file) ?? []
    if (epoch !== undefined && part !== undefined) found.push({ file, epoch: Number(epoch), part: Number(part) })
  }
  return found.toSorted((a, b) => a.epoch - b.epoch || a.part - b.part)
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Reads all parts of a chunk. A line that was cut or damaged is left out, so its request is sent again. */
export async function readParts(results: string, { number, from, rows }: Chunk, salt: string): Promise<Past> {
  const parts = await partsOf(results, number)
  const done = new Map<number, Place>()
  const recovery = new Recovery(`chunk ${chunkName(number)}`, Number.MAX_SAFE_INTEGER)
  const first = Buffer.from(writeLine({ v: 2, salt, at: new Date(0).toISOString() }).trimEnd())
  recovery.take(first, 0)
  for (const { file } of parts) {
    const bytes = await readFile(join(partFolder(results, number), file))
    for (const { line, offset, length } of linesIn(bytes)) {
      const reading = readLine(line)
      if (reading.kind !== 'done' && reading.kind !== 'intent' && reading.kind !== 'poll') continue
      if (!reading.summed) continue
      recovery.take(line, offset + first.length)
      if (reading.kind !== 'done') continue
      const { index, ok } = reading.line
      if (index >= from && index < from + rows && !done.has(index)) done.set(index, { file, offset, length, ok })
    }
  }
  return { parts, done, doubts: recovery.doubts, jobs: recovery.jobs }
}

interface Span {
  readonly line: Buffer
  readonly offset: number
  readonly length: number
}

/** Whole lines only. */
function* linesIn(bytes: Buffer): Generator<Span, void> {
  for (let offset = 0; ;) {
    const end = bytes.indexOf(LF, offset)
    if (end === -1) return
    yield { line: bytes.subarray(offset, end), offset, length: end + 1 - offset }
    offset = end + 1
  }
}

/** Reads lines of parts, each file opened once. */
export async function* linesAt(folder: string, places: Iterable<Place>): AsyncGenerator<Buffer, void> {
  const files = new Map<string, Awaited<ReturnType<typeof open>>>()
  try {
    for (const { file, offset, length } of places) {
      let opened = files.get(file)
      if (opened === undefined) files.set(file, (opened = await open(join(folder, file), 'r')))
      const bytes = Buffer.allocUnsafe(length)
      await opened.read(bytes, 0, length, offset)
      yield bytes
    }
  } finally {
    await Promise.all([...files.values()].map(file => file.close()))
  }
}
