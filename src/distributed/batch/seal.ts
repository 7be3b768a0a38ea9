/** Seals a chunk: its parts become one file with a line per request, in the order of the input. Sealed files never change. */
import { unlink } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Chunk } from './chunk.ts'
import { codeOf, createWhole } from './disk.ts'
import { linesAt, partFolder, readParts, sealedPath } from './parts.ts'
import type { Place } from './parts.ts'

export interface Counts {
  readonly ok: number
  readonly failed: number
}

/** Lines are written in groups of this many bytes. */
const WRITE_BYTES = 262_144

/**
 * Resolves with undefined if requests are missing. Whoever seals first decides: a process that went on after it had
 * lost its chunk finds the file of its successor, and its own lines are dropped.
 */
export async function seal(results: string, chunk: Chunk, salt: string): Promise<Counts | undefined> {
  const path = sealedPath(results, chunk.number)
  const { done, parts } = await readParts(results, chunk, salt)
  if (done.size < chunk.rows) return undefined
  const places = Array.from({ length: chunk.rows }, (_, at) => done.get(chunk.from + at) as Place)
  const folder = partFolder(results, chunk.number)
  try {
    await createWhole(path, async file => {
      let held: Buffer[] = []
      let bytes = 0
      for await (const line of linesAt(folder, places)) {
        held.push(line)
        bytes += line.length
        if (bytes < WRITE_BYTES) continue
        await file.writev(held)
        held = []
        bytes = 0
      }
      if (held.length > 0) await file.writev(held)
    })
  } catch (error) {
    // The process that has sealed it has removed the parts.
    if (codeOf(error) !== 'ENOENT' || !existsSync(path)) throw error
  }
  for (const { file } of parts) await unlink(join(folder, file)).catch(() => undefined)
  const ok = places.reduce((sum, place) => sum + (place.ok ? 1 : 0), 0)
  return { ok, failed: chunk.rows - ok }
}
