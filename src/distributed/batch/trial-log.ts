/**
 * The log of the trials of a chunk in quarantine, beside its parts: what is known of it survives the worker and the data
 * of Redis. A trial that has begun and not ended was lost with its worker.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { appendFile, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { chunkName } from './chunk.ts'
import { codeOf } from './disk.ts'
import { partFolder } from './parts.ts'
import type { Death } from './trials.ts'
import { isRecord } from '../../config/kinds.ts'

/** `over`: it has ended without a death, though not every request needs to have a result. */
type LogLine =
  | { readonly trial: string; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly trial: string; readonly end: 'over' }
  | { readonly trial: string; readonly end: 'died'; readonly by: string }

const pathOf = (results: string, chunk: number): string =>
  join(partFolder(results, chunk), `${chunkName(chunk)}.trials.ndjson`)

/** Present if one of its requests has failed as `resource/poison`. It stays when the chunk is done. */
export const poisonFile = (chunk: number): string => `${chunkName(chunk)}.poison`

/** Whether a request of the chunk has ended its process, or may have. A retry begins in quarantine, too. */
export const isSuspected = (results: string, chunk: number): boolean =>
  existsSync(pathOf(results, chunk)) || existsSync(join(partFolder(results, chunk), poisonFile(chunk)))

export class TrialLog {
  readonly #results: string
  readonly #chunk: number
  readonly #path: string

  constructor(results: string, chunk: number) {
    this.#results = results
    this.#chunk = chunk
    this.#path = pathOf(results, chunk)
  }

  /** The deaths so far, in their order. */
  async deaths(): Promise<Death[]> {
    const open = new Map<string, number[]>()
    const deaths: Death[] = []
    for (const line of await this.#lines()) {
      if ('ranges' in line) {
        open.set(line.trial, positionsIn(line.ranges))
        continue
      }
      const positions = open.get(line.trial)
      open.delete(line.trial)
      if (positions !== undefined && line.end === 'died') deaths.push({ positions, by: line.by })
    }
    return [...deaths, ...[...open.values()].map(positions => ({ positions, by: undefined }))]
  }

  async begin(positions: readonly number[]): Promise<string> {
    const trial = randomBytes(6).toString('hex')
    await this.#append({ trial, ranges: rangesOf(positions) })
    return trial
  }

  /** @param by what it died of; undefined if it did not */
  end(trial: string, by: string | undefined): Promise<void> {
    return this.#append(by === undefined ? { trial, end: 'over' } : { trial, end: 'died', by })
  }

  /** Notes that one of its requests has ended its process, for the list of `preq dead`. */
  async notePoison(): Promise<void> {
    await appendFile(join(partFolder(this.#results, this.#chunk), poisonFile(this.#chunk)), '', { mode: 0o600 })
  }

  /** The chunk is done. */
  async remove(): Promise<void> {
    await unlink(this.#path).catch(() => undefined)
  }

  #append(line: LogLine): Promise<void> {
    // A line that a kill has cut must not spoil this one.
    return appendFile(this.#path, `\n${JSON.stringify(line)}\n`, { mode: 0o600 })
  }

  async #lines(): Promise<LogLine[]> {
    try {
      const text = await readFile(this.#path, 'utf8')
      return text.split('\n').flatMap(lineIn)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  }
}

function lineIn(text: string): LogLine[] {
  if (text === '') return []
  try {
    const line: unknown = JSON.parse(text)
    return isRecord(line) && typeof line['trial'] === 'string' ? [line as unknown as LogLine] : []
  } catch {
    return []
  }
}

/** Neighbours as `[first, last]`. */
function rangesOf(positions: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const position of positions) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === position - 1) last[1] = position
    else ranges.push([position, position])
  }
  return ranges
}

const positionsIn = (ranges: readonly (readonly [number, number])[]): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at))
