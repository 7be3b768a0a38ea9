/** Seals a chunk: its parts become one file with a line per request, in the order of the input. Sealed files never change. */
import { unlink } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Chunk } from './chunk.ts'
import { codeOf, createWhole } from './disk.ts'
import { checkFolder } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { giveBuffer, takeBuffer } from './spare-buffers.ts'
import { linesAt, partFolder, sealedPath } from './parts.ts'
import type { Place } from './parts.ts'
import { countsOf } from './sealed.ts'
import { isAsWritten } from '../../store/run-lines.ts'

export interface Counts {
  readonly ok: number
  readonly failed: number
}

export interface SealParts {
  readonly manifest: Pick<Manifest, 'batch' | 'id'>
  readonly results: string
  readonly chunk: Chunk
  /** Where the lines of the requests are, by position: those of earlier starts, then those of this one. */
  readonly lines: readonly ReadonlyMap<number, Place>[]
  /** A part whose bytes this process still has. */
  readonly known?: { readonly file: string; readonly bytes: Buffer | undefined } | undefined
  /** Files to remove once it is sealed. */
  readonly parts: readonly string[]
  /** Default 0. */
  readonly generation?: number
}

/** Lines are written in groups of this many bytes. */
const WRITE_BYTES = 1 << 20

/**
 * Resolves with undefined if requests are missing. Whoever seals first decides: a process that went on after it had
 * lost its chunk finds the file of its successor, and its own lines are dropped.
 */
export async function seal(given: SealParts): Promise<Counts | undefined> {
  const { manifest, results, chunk, lines, known, parts, generation = 0 } = given
  const { number, from, rows } = chunk
  const places: Place[] = []
  for (let position = from; position < from + rows; position++) {
    const place = placeOf(position, lines)
    if (place === undefined) return undefined
    places.push(place)
  }
  const path = sealedPath(results, number, generation)
  const folder = partFolder(results, number)
  const whole = known?.bytes === undefined ? undefined : inOrder(places, known.file, known.bytes)
  let isOurs: boolean
  try {
    isOurs = await createWhole(path, async file => {
      // Its file has been made: if the folder is deleted from now on, that goes with it.
      await checkFolder(results, manifest)
      if (whole !== undefined) return file.writeFile(whole.buffer.subarray(0, whole.size))
      let held: Buffer[] = []
      let bytes = 0
      for await (const group of linesAt(folder, places)) {
        for (const line of group) bytes += checked(line, number).length
        held.push(...group)
        if (bytes < WRITE_BYTES) continue
        await file.writeFile(Buffer.concat(held, bytes))
        held = []
        bytes = 0
      }
      await file.writeFile(Buffer.concat(held, bytes))
    })
  } catch (error) {
    // The process that has sealed it has removed the parts.
    if (codeOf(error) !== 'ENOENT' || !existsSync(path)) throw error
    isOurs = false
  }
  if (whole !== undefined) giveBuffer(whole.buffer)
  await Promise.all(parts.map(file => unlink(join(folder, file)).catch(() => undefined)))
  if (!isOurs) {
    const { ok, failed } = await countsOf(path)
    return { ok, failed }
  }
  const ok = places.reduce((sum, place) => sum + (place.ok ? 1 : 0), 0)
  return { ok, failed: rows - ok }
}

interface Ordered {
  readonly buffer: Buffer
  readonly size: number
}

/** The lines of a part in the order of the input. Undefined if some of them are in other files. */
function inOrder(places: readonly Place[], part: string, bytes: Buffer): Ordered | undefined {
  let size = 0
  for (const { file, length } of places) {
    if (file !== part) return undefined
    size += length
  }
  const buffer = takeBuffer(size)
  let at = 0
  for (const { offset, length } of places) at += bytes.copy(buffer, at, offset, offset + length)
  return { buffer, size }
}

function placeOf(position: number, lines: SealParts['lines']): Place | undefined {
  for (const places of lines) {
    const place = places.get(position)
    if (place !== undefined) return place
  }
  return undefined
}

/** A sealed file stays for ever, and not every disk tells that it has lost what was written. */
function checked(line: Buffer, chunk: number): Buffer {
  if (isAsWritten(line)) return line
  throw new Error(`a result of chunk ${chunk} was damaged after it was written. Its request is sent again.`)
}
