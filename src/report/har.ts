/** HAR 1.2, the format of browsers for recorded traffic: as a sink, and of a run file. */
import { entryOfOutcome } from './entry.ts'
import type { Entry } from './entry.ts'
import { HarFile } from './har-file.ts'
import { harEntries } from './har-entry.ts'
import type { HarBody, HarResponse } from './har-entry.ts'
import { IdStates } from './id-states.ts'
import { readRunFile } from './read-file.ts'
import { bool, size } from '../config/kinds.ts'
import { shownHeader } from '../core/outcome.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Size } from '../core/spec.ts'
import type { Sink } from '../core/sink.ts'
import { isUnsent } from '../core/unsent-outcome.ts'
import { readSinkOptions } from '../sinks/options.ts'
import { base64Of, storedValueOf } from '../sinks/row.ts'

const DEFAULT_MAX_BYTES = 64 * 1_048_576

/**
 * What is needed of a stream. Any `Writable` of Node has it; its own type would need `@types/node`.
 *
 * @example const sink = har(createWriteStream('run.har'))
 */
export interface HarStream {
  /** Takes a piece of the file. Calls back when it is written. */
  write(chunk: Uint8Array, callback: (error?: Error | null) => void): boolean
  /** Listens for one event, such as `drain`. */
  once(event: string, listener: () => void): unknown
  /** Listens for an event. */
  on(event: string, listener: () => void): unknown
  /** Ends listening. */
  off(event: string, listener: () => void): unknown
  /** Whether it asks for a pause until `drain`. */
  readonly writableNeedDrain: boolean
}

/** A path or a stream. A stream is not ended. */
export type HarTarget = string | URL | HarStream

/** Options of `har`. */
export interface HarOptions {
  /**
   * Whether the bodies of responses are written: the value of a successful request, and `error.body` of a failed one.
   * Default false. A value that `parseFunc` or a schema has changed is written in its changed form, as JSON.
   */
  readonly bodies?: boolean | undefined
  /**
   * The largest size of the file, as `'64MiB'` or a number of bytes. Requests that do not fit are left out, and the
   * comment of the log says how many. Default `'64MiB'`, which other programs can still open; `Infinity` for no bound.
   * 0 is a ConfigError.
   */
  readonly maxBytes?: Size | undefined
  /** Replace an existing file. Default false: it is refused. Not for streams. */
  readonly overwrite?: boolean | undefined
}

/**
 * A sink that writes HAR 1.2, which browsers, Postman, Charles and `routeFromHAR` of Playwright read.
 *
 * There is one entry per attempt that was sent: the last one of a request first, then the earlier ones and its redirect
 * hops. `timings` of one add up to its `time`, and a phase that did not happen is -1. A request without a response has
 * status 0 and the error in `_error`. Secrets in URLs and headers are redacted; headers and bodies of requests are not
 * recorded. After a crash, the file is not complete: create it from the run file then (`preq report --har`).
 *
 * If the disk is full, this and every later write reject with a `SinkError`.
 *
 * @param target a path, or a Writable; the sink waits for a Writable and does not end it
 * @throws ConfigError (an unknown or wrong option, a path that cannot be written)
 * @example
 * await client.drain(urls, { sink: har('run.har', { bodies: true, overwrite: true }) })
 */
export function har(target: HarTarget, options: HarOptions = {}): Sink {
  const {
    bodies = false,
    maxBytes,
    overwrite,
  } = readSinkOptions('har', options, { bodies: bool, maxBytes: size, overwrite: bool })
  const file = new HarFile('har', target, overwrite ?? false, maxBytes ?? DEFAULT_MAX_BYTES)
  return {
    write(outcome) {
      if (isUnsent(outcome)) return undefined
      const entry = entryOfOutcome(outcome, Date.now())
      const response = responseOf(outcome)
      return file.add({
        whole: harEntries(entry, bodies ? { ...response, body: bodyOfOutcome(outcome, entry) } : response),
        bare: () => harEntries(entry, response),
      })
    },
    close: () => file.close(bodies ? [] : [NO_BODIES]),
  }
}

const NO_BODIES = 'Bodies are not recorded.'

/** @internal */
export interface HarOfFile {
  readonly path: string
  readonly target: string
  readonly bodies: boolean
  readonly overwrite: boolean
}

/** Writes the HAR of a run file: the last line of each request. Rejects as `report` does, and with a SinkError. @internal */
export async function harOfFile({ path, target, bodies, overwrite }: HarOfFile): Promise<void> {
  const last = await lastLines(path)
  const file = new HarFile('har', target, overwrite, DEFAULT_MAX_BYTES)
  let number = 0
  let superseded = 0
  await readRunFile(path, line => {
    if (line.kind !== 'entry') return
    const { entry } = line
    if (++number !== (last.get(entry.id) || number)) return void superseded++
    if (entry.isAgain) superseded--
    const whole = harEntries(entry, bodies ? { body: bodyOfLine(entry) } : {})
    // Closing the file rejects with the error of a write.
    file.add({ whole, bare: () => harEntries(entry, {}) }).catch(() => undefined)
  })
  await file.close([
    ...(superseded > 0 ? [`${superseded} earlier results of requests that were sent again are left out.`] : []),
    ...(bodies ? [] : [NO_BODIES]),
  ])
}

/** The number of the last line of each request. */
async function lastLines(path: string): Promise<IdStates> {
  const ids = new IdStates()
  let number = 0
  await readRunFile(path, line => {
    if (line.kind === 'entry') ids.swap(line.entry.id, ++number)
  })
  return ids
}

/** A run file has no times for the sink: those of a restored outcome are of its recording. */
const RESTORED = { note: 'restored from the run file, so it was sent before the time that is given' }

function responseOf({ response, source }: Outcome): HarResponse {
  const note = source === 'run-file' ? RESTORED : {}
  if (response === undefined) return note
  const headers = [...response.headers].map(([name, value]) => ({ name, value: shownHeader(response, name) ?? value }))
  return { headers, protocol: response.protocol, ...note }
}

function bodyOfOutcome(outcome: Outcome, entry: Entry): HarBody | undefined {
  if (!outcome.ok) return bodyOfError(entry)
  let stored
  try {
    stored = storedValueOf(outcome.value, outcome)
  } catch {
    // JSON has no form for the value.
    return undefined
  }
  if (stored.kind === 'none') return undefined
  if (stored.kind === 'bytes') return bytesBody(base64Of(stored.content))
  return { text: stored.content, mimeType: stored.kind === 'json' ? 'application/json' : 'text/plain' }
}

function bodyOfLine(entry: Entry): HarBody | undefined {
  const { ok, value, encoding } = entry
  if (!ok) return bodyOfError(entry)
  if (value === undefined) return undefined
  if (typeof value !== 'string') return { text: JSON.stringify(value), mimeType: 'application/json' }
  return encoding === 'base64' ? bytesBody(value) : { text: value, mimeType: typeOf(entry) }
}

function bodyOfError(entry: Entry): HarBody | undefined {
  const { body, bodyEncoding } = entry
  if (body === undefined) return undefined
  return bodyEncoding === 'base64' ? bytesBody(body) : { text: body, mimeType: typeOf(entry) }
}

const bytesBody = (text: string): HarBody => ({ text, mimeType: 'application/octet-stream', encoding: 'base64' })

/** Of a text: by its header if the line has it, otherwise by its first character. */
function typeOf({ headers, body, value }: Entry): string {
  const type = headers?.['content-type']
  if (typeof type === 'string') return type
  const text = (body ?? (typeof value === 'string' ? value : '')).trimStart()
  return text.startsWith('<') ? 'text/html' : /^[[{]/.test(text) && isJson(text) ? 'application/json' : 'text/plain'
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
