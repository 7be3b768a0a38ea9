/**
 * What a chunk that is not done has so far: the results in its parts and those before a retry, and the writes and jobs
 * that were begun, without which a run that continues the file would begin them again.
 */
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Chunk } from './chunk.ts'
import { codeOf } from './disk.ts'
import { pastOf } from './earlier.ts'
import { linesAt, partFolder, partsOf, sealedPath } from './parts.ts'
import type { Past, Place } from './parts.ts'
import type { RetryOrder } from './retries.ts'
import type { CheckedLines } from './sealed.ts'
import { readLines } from '../../store/line-reader.ts'
import { lineNameOf } from '../../store/line-book.ts'
import { isAsWritten, readLine } from '../../store/run-lines.ts'

const LF = Buffer.from('\n')

/**
 * The lines of results in the order of the input, then those of begun requests. Undefined if a worker has sealed the
 * chunk meanwhile: it removes the parts once the sealed file is there.
 *
 * @param order the retry that asks for the chunk
 */
export async function unsealedLines(
  results: string,
  chunk: Chunk,
  salt: string,
  order: RetryOrder | undefined,
): Promise<AsyncGenerator<CheckedLines, void> | undefined> {
  const { number } = chunk
  const generation = order?.generation ?? 0
  const isSealed = (): boolean => existsSync(sealedPath(results, number, generation))
  try {
    const places = placesIn(await pastOf(results, chunk, salt, order), chunk)
    const begun = await begunLines(results, number, generation)
    const groups = linesAt(partFolder(results, number), places)
    // From here on, the parts are open, and may be removed.
    const first = await groups.next()
    if (!isSealed()) return checked(first, groups, places, begun)
    await groups.return()
    return undefined
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && isSealed()) return undefined
    throw error
  }
}

function placesIn({ done, earlier }: Past, { from, rows }: Chunk): Place[] {
  const places: Place[] = []
  for (let position = from; position < from + rows; position++) {
    const place = done.get(position) ?? earlier?.again.get(position)
    if (place !== undefined) places.push(place)
  }
  return places
}

/** A line that was damaged after it was written is left out. */
async function* checked(
  first: IteratorResult<Buffer[], void>,
  others: AsyncGenerator<Buffer[], void>,
  places: readonly Place[],
  begun: readonly Buffer[],
): AsyncGenerator<CheckedLines, void> {
  let at = 0
  for (let group = first; group.done !== true; group = await others.next()) {
    const lines: Buffer[] = []
    let failed = 0
    for (const line of group.value) {
      const { ok } = places[at++] as Place
      if (!isAsWritten(line)) continue
      lines.push(line)
      if (!ok) failed++
    }
    yield { bytes: Buffer.concat(lines), results: lines.length, failed }
  }
  yield { bytes: Buffer.concat(begun), results: 0, failed: 0 }
}

/** The lines of writes and jobs whose requests have no result in these parts. */
async function begunLines(results: string, chunk: number, generation: number): Promise<Buffer[]> {
  const begun = new Map<string, Buffer[]>()
  const done = new Set<string>()
  for (const { file } of await partsOf(results, chunk, generation)) {
    const opened = await open(join(partFolder(results, chunk), file), 'r')
    try {
      await readLines(opened.fd, line => {
        const reading = readLine(line)
        if (reading.kind === 'done') done.add(lineNameOf(reading.line))
        if (reading.kind !== 'intent' && reading.kind !== 'poll') return
        const name = lineNameOf(reading.kind === 'intent' ? reading.line.intent : reading.line.poll)
        begun.set(name, [...(begun.get(name) ?? []), Buffer.concat([line, LF])])
      })
    } finally {
      await opened.close()
    }
  }
  return [...begun].flatMap(([name, lines]) => (done.has(name) ? [] : lines))
}
