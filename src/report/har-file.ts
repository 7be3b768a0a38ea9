/** Writes a HAR file entry by entry. Its size is bounded: what does not fit is counted, and the file says so. */
import type { HarEntry } from './har-entry.ts'
import { amount, size as sizeText } from './words.ts'
import { PACKAGE_VERSION } from '../core/version.ts'
import { Batches } from '../sinks/batches.ts'
import { openSinkOutput } from '../sinks/output.ts'
import type { SinkOutput } from '../sinks/output.ts'

const BATCH = { maxRows: 1_000, maxSize: 1_048_576, delayMs: 0 } as const
/** For the end of the file. */
const RESERVED = 2_000

const HEAD = `{"log":{"version":"1.2","creator":{"name":"parallel-requests","version":${JSON.stringify(PACKAGE_VERSION)}},"entries":[\n`

/** An entry, and the same without its body. */
interface Choice {
  readonly whole: readonly HarEntry[]
  readonly bare: () => readonly HarEntry[]
}

export class HarFile {
  readonly #output: SinkOutput
  readonly #batches: Batches<string>
  readonly #maxBytes: number
  /** Bytes so far. */
  #bytes = Buffer.byteLength(HEAD)
  #requests = 0
  #entries = 0
  #withoutBody = 0
  #leftOut = 0
  #unsent = 0
  #isBegun = false

  constructor(name: string, target: unknown, overwrite: boolean, maxBytes: number) {
    this.#output = openSinkOutput(name, target, { overwrite }, error => this.#batches.fail(error))
    this.#maxBytes = maxBytes
    this.#batches = new Batches(this.#output.name, rows => this.#output.write(Buffer.from(rows.join(''))), BATCH)
  }

  /** Resolves when the entries are written, or left out. */
  add({ whole, bare }: Choice): Promise<void> {
    if (whole.length === 0) {
      this.#unsent++
      return Promise.resolve()
    }
    const text = this.#fitting(whole)
    if (text !== undefined) return this.#write(text, whole.length)
    const shorter = this.#fitting(bare())
    if (shorter === undefined) {
      this.#leftOut++
      return Promise.resolve()
    }
    this.#withoutBody++
    return this.#write(shorter, whole.length)
  }

  /** @param more what else the comment of the log says */
  async close(more: readonly string[] = []): Promise<void> {
    const comment = [...this.#facts(), ...more].join(' ')
    const end = `${this.#isBegun ? '' : HEAD}\n],"comment":${JSON.stringify(comment)}}}\n`
    try {
      await this.#batches.add(end, end.length)
      await this.#batches.close()
    } catch (error) {
      this.#batches.fail(error)
    }
    try {
      await this.#output.close()
    } catch (error) {
      this.#batches.fail(error)
    }
    await this.#batches.close()
  }

  #fitting(entries: readonly HarEntry[]): string | undefined {
    const text = entries.map(entry => JSON.stringify(entry)).join(',\n')
    const bytes = Buffer.byteLength(text) + 2
    if (this.#bytes + bytes + RESERVED > this.#maxBytes) return undefined
    this.#bytes += bytes
    return text
  }

  #write(text: string, entries: number): Promise<void> {
    const row = `${this.#isBegun ? ',\n' : HEAD}${text}`
    this.#isBegun = true
    this.#requests++
    this.#entries += entries
    return this.#batches.add(row, row.length)
  }

  #facts(): string[] {
    const bound = this.#maxBytes === Infinity ? '' : ` of ${sizeText(this.#maxBytes)}`
    return [
      `${amount(this.#requests, 'request')} in ${amount(this.#entries)} entries.`,
      ...(this.#leftOut > 0
        ? [`${amount(this.#leftOut, 'further request')} left out: the file has reached its bound${bound}.`]
        : []),
      ...(this.#withoutBody > 0 ? [`${amount(this.#withoutBody)} bodies left out for the same reason.`] : []),
      ...(this.#unsent > 0 ? [`${amount(this.#unsent, 'request')} never sent, and left out.`] : []),
    ]
  }
}
