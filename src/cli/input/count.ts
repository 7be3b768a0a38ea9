/**
 * Counts the requests of input files during the run, with the same readers as the run, so that the progress has a total.
 * It begins after the first requests were sent, and uses at most a fifth of a core.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { elementsOf } from './elements.ts'
import { shapeOf } from './format.ts'
import { isListed, withoutNote } from './jobs.ts'
import { linesOf } from './lines.ts'
import { openInput } from './open-input.ts'
import { countOf } from './range.ts'
import { RecordReader } from './record-reader.ts'
import { textOf } from './text.ts'
import type { Total } from '../live.ts'
import type { InputPlan } from '../run-plan.ts'

export interface Counter {
  /** Undefined until all files have been counted, and for an input that cannot be read twice. */
  readonly total: Total | undefined
  stop(): void
}

const BEGIN_AFTER_MS = 200
/** After each chunk of the file, it rests for this multiple of the time that the chunk took. */
const REST = 4
/** A cell may contain a range, which only expansion could count. */
const MAYBE_RANGE = /\{-?\d+\.\./

export function countInput(input: InputPlan, beginAfterMs = BEGIN_AFTER_MS): Counter {
  const counting = new Counting(input)
  if (input.files.length > 0 && input.files.every(isRegular)) void counting.run(beginAfterMs)
  return counting
}

/** Standard input and pipes can be read only once. */
function isRegular(file: string): boolean {
  return file !== '-' && statSync(file, { throwIfNoEntry: false })?.isFile() === true
}

class Counting implements Counter {
  total: Total | undefined = undefined
  readonly #input: InputPlan
  readonly #perRow: number
  readonly #stopping = new AbortController()
  #stream: Readable | undefined
  #isAbout: boolean
  #count = 0

  constructor(input: InputPlan) {
    this.#input = input
    const [template] = input.urls
    this.#perRow = template === undefined ? 1 : countOf(template)
    // An invalid row counts as one request, however many its URL would have made.
    this.#isAbout = this.#perRow > 1
  }

  stop(): void {
    this.#stopping.abort()
    this.#stream?.destroy()
  }

  async run(afterMs: number): Promise<void> {
    const { files, limit = Infinity } = this.#input
    try {
      await this.#rest(afterMs)
      for (const file of files) if (this.#count < limit) await this.#countFile(file)
      const isLimited = this.#count >= limit
      this.total = { requests: Math.min(limit, this.#count), isAbout: this.#isAbout && !isLimited }
    } catch {
      // The run reports problems of the file itself, or it has ended.
    } finally {
      this.#stream?.destroy()
    }
  }

  async #countFile(file: string): Promise<void> {
    const shape = shapeOf(file, this.#input)
    const stream = await openInput(file, shape.isGzip)
    this.#stream = stream
    if (shape.format !== 'csv') return this.#countLines(file, stream, shape.format)
    const reader = new RecordReader({ ...shape, maxLine: this.#input.maxLine })
    let records = 0
    const add = (found: number): void => {
      if (reader.failure !== undefined) throw new Error(reader.failure.problem)
      records += found
    }
    for await (const text of this.#slowly(textOf(stream, file, this.#input.encoding))) {
      add(reader.read(text).length)
      this.#noteRange(text)
    }
    add(reader.end().length)
    // Without the header.
    this.#count += Math.max(0, records - 1) * this.#perRow
  }

  async #countLines(file: string, stream: Readable, format: 'lines' | 'jsonl' | 'json'): Promise<void> {
    const isList = format === 'lines'
    const texts = format === 'json' ? elementsOf : linesOf
    const isTemplate = this.#input.urls.length > 0
    for await (const lines of this.#slowly(texts(stream, file, this.#input))) {
      for (const line of lines) {
        if ('problem' in line) this.#count++
        else if (isList ? isListed(line.text) : line.text.trim() !== '') {
          this.#count += isList && !isTemplate ? countOf(withoutNote(line.text)) : this.#perRow
          this.#noteRange(line.text)
        }
      }
    }
  }

  #noteRange(text: string): void {
    if (this.#input.urls.length > 0 && text.includes('..') && MAYBE_RANGE.test(text)) this.#isAbout = true
  }

  async *#slowly<T>(pieces: AsyncIterable<T>): AsyncGenerator<T, void> {
    for await (const piece of pieces) {
      const sinceMs = performance.now()
      yield piece
      await this.#rest(REST * (performance.now() - sinceMs))
    }
  }

  /** Does not keep the process running. */
  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal, ref: false })
  }
}
