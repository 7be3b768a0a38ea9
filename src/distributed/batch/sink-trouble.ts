/** The folder of the results cannot be written: which errors say so, and how to find out that it can be written again. */
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './disk.ts'

/** Full, read-only, unmounted, or out of reach. */
const CODES: ReadonlySet<unknown> = new Set(
  'ENOSPC EDQUOT EFBIG EROFS EACCES EPERM EIO ENOENT ENOTDIR ESTALE ENXIO ENODEV EREMOTEIO ETIMEDOUT EHOSTDOWN'.split(
    ' ',
  ),
)
const FIRST_MS = 1_000
const MOST_MS = 30_000
/** A disk with less room than this would be full again at once. */
const PROBE = Buffer.alloc(1 << 20)

/** The error of the file system behind an error of a run; undefined if there is none. */
export function sinkErrorIn(error: unknown): unknown {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth++) {
    if (CODES.has(codeOf(one)) && 'syscall' in one && one.syscall !== 'connect') return one
  }
  return undefined
}

/** Looks less often the longer the trouble lasts, until results were written. */
export class SinkTrouble {
  readonly #results: string
  #failures = 0
  #nextMs = 0
  isDown = false

  constructor(results: string) {
    this.#results = results
  }

  /** Returns whether that is new. */
  began(nowMs: number): boolean {
    if (this.isDown) return false
    this.isDown = true
    this.#nextMs = nowMs + Math.min(FIRST_MS * 2 ** this.#failures++, MOST_MS)
    return true
  }

  /** Results were written. */
  worked(): void {
    this.#failures = 0
  }

  /** Resolves with true if the folder can be written again. */
  async isOver(nowMs: number): Promise<boolean> {
    if (nowMs < this.#nextMs) return false
    const path = join(this.#results, `.probe.${randomBytes(6).toString('hex')}.tmp`)
    try {
      await writeFile(path, PROBE, { flag: 'wx', mode: 0o600, flush: true })
      this.isDown = false
    } catch {
      this.#nextMs = nowMs + Math.min(FIRST_MS * 2 ** this.#failures++, MOST_MS)
    } finally {
      await rm(path, { force: true }).catch(() => undefined)
    }
    return !this.isDown
  }
}
