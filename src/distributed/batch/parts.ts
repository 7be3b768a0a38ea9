/**
 * The results of a chunk that is not done: part files, one per start of the chunk (its epoch), which only that start
 * appends to. A process that was stopped for a while and then goes on writes its part beside that of its successor, so a
 * position may be in several of them: the lowest epoch wins.
 */
import { close as closeFile, fstat, open as openFile } from 'node:fs'
import { open, readdir, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chunkFolder, chunkName, chunkStem } from './chunk.ts'
import type { Chunk } from './chunk.ts'
import { codeOf } from './disk.ts'
import type { Earlier } from './earlier.ts'
import { readLines } from '../../store/line-reader.ts'
import { Recovery } from '../../store/recovery.ts'
import { readLine, writeLine } from '../../store/run-lines.ts'
import type { LineReading } from '../../store/run-lines.ts'
import type { Doubt, RecordedJob, RecordedRequest } from '../../core/journal.ts'

export interface PartName {
  readonly file: string
  readonly epoch: number
}

/** A part that this process writes. */
export interface OpenPart {
  readonly file: string
  readonly path: string
  readonly fd: number
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
  readonly generation: number
  readonly parts: readonly PartName[]
  /** By position. With the results that a retry keeps. */
  readonly done: ReadonlyMap<number, Place>
  readonly doubts: ReadonlyMap<string, Doubt>
  readonly jobs: ReadonlyMap<string, RecordedJob>
  /** The failures of a retry, by id. */
  readonly known: (id: string) => RecordedRequest | undefined
  /** The results before a retry. */
  readonly earlier: Earlier | undefined
}

/** What a retry asks for, and what was there before. */
export interface Again {
  readonly generation: number
  readonly earlier: Earlier | undefined
}

const openFd = promisify(openFile)
const closeFd = promisify(closeFile)
const statFd = promisify(fstat)

export const partName = (chunk: number, epoch: number, generation = 0): string =>
  `${chunkStem(chunk, generation)}.e${epoch}.ndjson`

/** The file of a chunk that is done, or was done before a retry. */
export const sealedPath = (results: string, chunk: number, generation = 0): string =>
  join(results, chunkFolder(chunk), `${chunkStem(chunk, generation)}.ndjson`)

export const partFolder = (results: string, chunk: number): string => join(results, chunkFolder(chunk))

/** The parts of a chunk, in the order in which they count. */
export async function partsOf(results: string, chunk: number, generation = 0): Promise<PartName[]> {
  const found: PartName[] = []
  const name = chunkStem(chunk, generation)
  for (const file of await namesIn(partFolder(results, chunk))) {
    const epoch = file.startsWith(name) ? EPOCH.exec(file.slice(name.length))?.[1] : undefined
    if (epoch !== undefined) found.push({ file, epoch: Number(epoch) })
  }
  return found.toSorted((a, b) => a.epoch - b.epoch)
}

const EPOCH = /^\.e(\d+)\.ndjson$/

/**
 * Makes the part of a start. Its epoch is above those of all parts that were found, and above that of a process that has
 * made one since: Redis was emptied, counts the starts from 1 again, and that process still writes.
 */
export async function openPart(
  results: string,
  chunk: number,
  starts: number,
  past: Pick<Past, 'parts'> & Partial<Pick<Past, 'generation'>>,
): Promise<OpenPart> {
  for (let epoch = Math.max(starts, (past.parts.at(-1)?.epoch ?? 0) + 1); ; epoch++) {
    const file = partName(chunk, epoch, past.generation)
    const path = join(partFolder(results, chunk), file)
    try {
      return { file, path, fd: await openFd(path, 'ax', 0o600) }
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
}

/** Takes back a part that has no line. */
export async function dropPart({ path, fd }: OpenPart): Promise<void> {
  const { nlink } = await statFd(fd)
  await closeFd(fd)
  // The folder may have been deleted, and its name may be that of another file.
  if (nlink > 0) await unlink(path).catch(() => undefined)
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
export async function readParts(
  results: string,
  { number, from, rows }: Chunk,
  salt: string,
  { generation, earlier }: Again = { generation: 0, earlier: undefined },
): Promise<Past> {
  const done = new Map<number, Place>(earlier?.kept)
  const recovery = new Recovery(`chunk ${chunkName(number)}`, Number.MAX_SAFE_INTEGER)
  const first = Buffer.from(writeLine({ v: 2, salt, at: new Date(0).toISOString() }).trimEnd())
  recovery.take(first, 0)
  // Jobs that were started before the retry are not started again.
  for (let before = 0; before < generation; before++) {
    await readAll(await partsOf(results, number, before), (line, reading, _file, offset) => {
      if (reading.kind === 'poll') recovery.take(line, offset + first.length)
    })
  }
  for (const line of earlier?.lines ?? []) recovery.take(line, first.length)
  const parts = await partsOf(results, number, generation)
  await readAll(parts, (line, reading, file, offset) => {
    recovery.take(line, offset + first.length)
    if (reading.kind !== 'done') return
    const { index, ok } = reading.line
    if (index < from || index >= from + rows || done.has(index)) return
    done.set(index, { file, offset, length: line.length + 1, ok })
  })
  const known = (id: string): RecordedRequest | undefined => (earlier === undefined ? undefined : recovery.done.get(id))
  return { generation, parts, done, doubts: recovery.doubts, jobs: recovery.jobs, known, earlier }

  async function readAll(
    names: readonly PartName[],
    take: (line: Buffer, reading: RecordLine, file: string, offset: number) => void,
  ): Promise<void> {
    for (const { file } of names) {
      const fd = await openFd(join(partFolder(results, number), file), 'r')
      try {
        await readLines(fd, (line, offset) => {
          const reading = readLine(line)
          if (reading.kind !== 'done' && reading.kind !== 'intent' && reading.kind !== 'poll') return
          if (reading.summed) take(line, reading, file, offset)
        })
      } finally {
        await closeFd(fd)
      }
    }
  }
}

type RecordLine = Extract<LineReading, { readonly kind: 'done' | 'intent' | 'poll' }>

/** A part of at most this many bytes is read at once. */
const WHOLE_BYTES = 1 << 24
/** Of a larger one, this many lines. */
const LINES = 32

/** Reads lines of parts, in groups. Each file is opened once. */
export async function* linesAt(folder: string, places: readonly Place[]): AsyncGenerator<Buffer[], void> {
  const files = new Map<string, LineFile>()
  try {
    for (const { file } of places) {
      if (!files.has(file)) files.set(file, await openLines(join(folder, file)))
    }
    for (let from = 0; from < places.length; from += LINES) {
      const lines = places.slice(from, from + LINES).map(place => (files.get(place.file) as LineFile).read(place))
      yield lines.every((line): line is Buffer => line instanceof Buffer)
        ? lines
        : await Promise.all(lines.map(async line => line))
    }
  } finally {
    await Promise.all([...files.values()].map(file => file.close()))
  }
}

interface LineFile {
  readonly read: (place: Place) => Buffer | Promise<Buffer>
  readonly close: () => Promise<void>
}

async function openLines(path: string): Promise<LineFile> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const whole = size <= WHOLE_BYTES ? await file.readFile() : undefined
    const read = ({ offset, length }: Place): Buffer | Promise<Buffer> =>
      whole?.subarray(offset, offset + length) ?? readLineAt(file, offset, length)
    return { read, close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readLineAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset)
  return buffer.subarray(0, bytesRead)
}
