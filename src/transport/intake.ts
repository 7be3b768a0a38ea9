/**
 * Passes a body to its writer with back-pressure. While the writer is busy, a little is buffered; then the connection
 * is no longer read. The attempt's timeouts do not run meanwhile.
 */
import { codingsOf, MAX_CODINGS, tooManyCodings } from './codings.ts'
import { Pieces } from './pieces.ts'
import { Unpacking } from './unpacking.ts'
import type { BodyWriter } from '../core/body-sink.ts'
import { pauseClocks, resumeClocks } from '../core/attempt.ts'
import type { Attempt } from '../core/attempt.ts'
import { getHeader } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import type { Clock } from '../core/ports.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply, Taken } from '../core/result.ts'

/** Bytes buffered for a busy writer before the connection is paused: pausing for each chunk would cost two calls each. */
const MAX_AHEAD_BYTES = 65_536

export interface Backpressure {
  pause?(): void
  resume?(): void
}

export interface IntakeParts {
  readonly attempt: Attempt
  readonly writer: BodyWriter
  readonly backpressure: Backpressure
  readonly clock: Clock
  readonly done: (ended: Fault | Taken) => void
}

/** The writer for a body with this head, behind a decoder if it has content codings. */
export function behindCodings(writer: BodyWriter, head: Reply, { call, trip, headers }: Attempt): BodyWriter | Fault {
  const { contentCoding, maxResponseBytes } = call.plan
  const codings = contentCoding === 'raw' ? [] : codingsOf(head.headers)
  if (codings.length === 0 || isPackedFile(head, codings, headers)) return writer
  if (codings.length > MAX_CODINGS) {
    const [code, message] = tooManyCodings(codings.length)
    return fault(code, message, { sent: true, reply: head })
  }
  const lenient = contentCoding === 'lenient'
  return new Unpacking(writer, head, { codings, lenient, maxBytes: maxResponseBytes, warn: text => trip.warn(text) })
}

/**
 * Whether the body is a file that is compressed itself, such as a `.tar.gz`, and the server declares that as a coding
 * although `identity` was asked for. Decoded, it would match neither its name nor its checksum.
 */
function isPackedFile({ url, headers }: Reply, codings: readonly string[], asked: HeaderList): boolean {
  const [coding = '', ...others] = codings
  const kind = PACKED[coding]
  if (kind === undefined || others.length > 0 || getHeader(asked, 'accept-encoding') !== 'identity') return false
  const path = url.replace(/[?#].*$/s, '')
  return kind.name.test(path) || kind.type.test(getHeader(headers, 'content-type') ?? '')
}

const GZIP = { name: /\.(?:gz|tgz|svgz)$/i, type: /^\s*application\/(?:x-)?gzip\b/i }
const PACKED: Readonly<Partial<Record<string, { readonly name: RegExp; readonly type: RegExp }>>> = {
  gzip: GZIP,
  'x-gzip': GZIP,
  zstd: { name: /\.(?:zst|tzst)$/i, type: /^\s*application\/zstd\b/i },
  br: { name: /\.br$/i, type: /^\s*application\/x-br(?:otli)?\b/i },
}

export class Intake {
  readonly #parts: IntakeParts
  readonly #queue = new Pieces()
  #state: 'open' | 'busy' | 'ending' | 'over' = 'open'
  #complete = false
  #isPaused = false

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  take(piece: Uint8Array): void {
    // A Dispatcher of undici passes an empty chunk whenever it resumes.
    if (piece.byteLength === 0) return
    // More may arrive although the connection is paused: the rest of what was read before.
    this.#queue.add(piece)
    if (this.#state === 'open') this.#next()
    else if (this.#queue.bytes >= MAX_AHEAD_BYTES) this.#pause()
  }

  /** The body is complete. */
  end(): void {
    this.#complete = true
    if (this.#state === 'open') this.#finish()
  }

  /** Drops everything that follows. */
  stop(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#queue.clear()
    this.#parts.writer.stop()
  }

  #next(): void {
    const { writer, attempt, clock } = this.#parts
    for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
      const taking = writer.write(piece)
      if (taking === undefined) continue
      if (this.#state === 'open') {
        this.#state = 'busy'
        pauseClocks(attempt, clock.now())
      }
      void taking.then(failed => {
        if (this.#state !== 'busy') return
        if (failed === undefined) this.#next()
        else this.#close(failed)
      })
      return
    }
    if (this.#complete) return this.#finish()
    if (this.#state !== 'busy') return
    this.#state = 'open'
    resumeClocks(attempt, clock.now())
    this.#resume()
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#parts.backpressure.pause?.()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#parts.backpressure.resume?.()
  }

  #finish(): void {
    const { writer, attempt, clock } = this.#parts
    this.#state = 'ending'
    pauseClocks(attempt, clock.now())
    void writer.end().then(ended => {
      if (this.#state === 'ending') this.#close(ended)
    })
  }

  #close(ended: Fault | Taken): void {
    if (isFault(ended)) this.stop()
    this.#state = 'over'
    this.#parts.done(ended)
  }
}
