/**
 * Events of an event stream (WHATWG HTML, server-sent events), parsed by eventsource-parser. At the end of the body, the
 * parser drops an event without a blank line, as the standard says; here it is a failure, because the body may be cut
 * off. There is no reconnect: an id is only passed on.
 */
import type { EventSourceParser, createParser } from 'eventsource-parser'
import { isBlank, itemJson } from './item-json.ts'
import { tooLong } from './item-reader.ts'
import type { Found, ItemReader } from './item-reader.ts'
import { getHeader } from '../core/headers.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply } from '../core/result.ts'

/** What is read at once: a piece of any size must not become a list of events of any length. */
const FED_BYTES = 16_384
/** A line and a comment at the end of the body, by which it shows whether the body ended between two events. */
const PROBE = 'parallel-requests'
const PROBE_COMMENT = /^(?:.*:)?parallel-requests$/
const PREFIX_LENGTH = 200
/** Far above what an event has; a million of them take some 50 MiB. */
const MAX_LINES = 1_000_000
const LINE_END = /\r\n?|\n/
const BLANK_LINE = /\n[\r\n]|\r\r/
/** APIs in the style of OpenAI end their stream with this text, which is not JSON. */
const DONE = '[DONE]'
const NOTHING = new Uint8Array(0)

export interface EventLimits {
  readonly maxItemBytes: number
  readonly maxJsonDepth: number
  /** Whether the data of an event is JSON. */
  readonly isJson: boolean
  warn(warning: string): void
}

interface Raw {
  readonly event: string
  readonly data: string
  readonly id: string
}

export class EventReader implements ItemReader {
  readonly unit = 'event'
  readonly #head: Reply
  readonly #limits: EventLimits
  readonly #parser: EventSourceParser
  // The parser removes a byte-order mark itself.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #piece: Uint8Array = NOTHING
  #from = 0
  #events: (Raw | Fault)[] = []
  #next = 0
  #at = 0
  #lastId = ''
  #comment: string | undefined
  /** Something of the body was part of an event stream. */
  #isKnown: boolean
  /** An id was set since this was last false. */
  #hasNewId = false
  /** Lines of the event that has not ended. */
  #lines = 0
  /** The beginning of a body that may be something else. */
  #prefix = ''
  #isOver = false

  constructor(head: Reply, create: typeof createParser, limits: EventLimits) {
    this.#head = head
    this.#limits = limits
    this.#isKnown = /^\s*text\/event-stream\b/i.test(getHeader(head.headers, 'content-type') ?? '')
    const known = (): void => void (this.#isKnown = true)
    this.#parser = create({
      // Twice, because a comment may stand between the lines of an event. Each of them is measured below.
      ...(Number.isFinite(limits.maxItemBytes) && { maxBufferSize: 2 * limits.maxItemBytes + 1_024 }),
      onEvent: ({ event, data }) => {
        known()
        this.#add({ event: event ?? 'message', data, id: this.#lastId })
      },
      onId: id => {
        known()
        this.#lastId = id
        this.#hasNewId = true
      },
      onComment: text => {
        known()
        this.#comment = text
        if (text.length > limits.maxItemBytes) this.#addTooLong()
      },
      onRetry: known,
      onError: error => {
        if (error.type === 'max-buffer-size-exceeded') this.#addTooLong()
      },
    })
  }

  push(piece: Uint8Array): void {
    this.#piece = piece
    this.#from = 0
  }

  finish(): void {
    this.#feed(this.#decoder.decode())
    if (this.#isOver) return
    const isKnown = this.#isKnown || this.#prefix === ''
    const found = this.#probe()
    this.#isOver = true
    if (!isKnown && found !== 'event') this.#events.push(this.#notEvents())
    else if (found !== 'end') this.#events.push(CUT)
  }

  /** Where the body ended: within an event, within a line of any kind, or neither. */
  #probe(): 'event' | 'line' | 'end' {
    const before = this.#events.length
    this.#comment = undefined
    this.#hasNewId = false
    this.#feed(`:${PROBE}\n`)
    // A comment that was cut is no loss.
    const isWholeLine = PROBE_COMMENT.test(this.#comment ?? '')
    this.#feed(`data:${PROBE}\n\n`)
    const probe = this.#events.splice(before).at(-1)
    const isAlone = probe !== undefined && !isFault(probe) && probe.data === PROBE && probe.event === 'message'
    if (!isAlone || this.#hasNewId) return 'event'
    return isWholeLine ? 'end' : 'line'
  }

  next(): Found | Fault | undefined {
    for (;;) {
      while (this.#next === this.#events.length) if (!this.#feedPiece()) return undefined
      const raw = this.#events[this.#next++] as Raw | Fault
      if (isFault(raw)) return raw
      this.#at++
      const found = this.#read(raw)
      if (found !== undefined) return found
    }
  }

  /** False if there is nothing to feed. */
  #feedPiece(): boolean {
    this.#events = []
    this.#next = 0
    if (this.#isOver || this.#from === this.#piece.byteLength) return false
    const fed = this.#piece.subarray(this.#from, this.#from + FED_BYTES)
    this.#from += fed.byteLength
    const text = this.#decoder.decode(fed, { stream: true })
    if (text.includes('\uFFFD')) this.#limits.warn('the event stream has U+FFFD, perhaps for bytes that are not UTF-8')
    if (!this.#isKnown) this.#prefix += text.slice(0, PREFIX_LENGTH - this.#prefix.length)
    this.#feed(text)
    this.#countLines(text)
    return true
  }

  /** An event of many empty lines takes far more memory than its characters. */
  #countLines(text: string): void {
    if (this.#events.length > 0 || BLANK_LINE.test(text)) this.#lines = 0
    else this.#lines += text.split(LINE_END).length - 1
    if (this.#lines > MAX_LINES) this.#addTooLong(tooManyLines)
  }

  #feed(text: string): void {
    if (!this.#isOver) this.#parser.feed(text)
  }

  #add(raw: Raw): void {
    if (this.#isOver) return
    const { event, data, id } = raw
    if (event.length + data.length + id.length > this.#limits.maxItemBytes) this.#addTooLong()
    else this.#events.push(raw)
  }

  #addTooLong(made = tooLong): void {
    if (this.#isOver) return
    this.#isOver = true
    const at = this.#at + 1 + this.#events.length - this.#next
    this.#events.push(made(`event ${at}`, this.#limits.maxItemBytes))
  }

  /** Undefined for an event without JSON that is none of the items. */
  #read({ data, ...event }: Raw): Found | Fault | undefined {
    const { isJson, maxJsonDepth } = this.#limits
    const at = this.#at
    if (!isJson) return { value: data, at, event }
    if (data === DONE || isBlank(data)) return undefined
    const parsed = itemJson(data, () => `event ${at}`, maxJsonDepth)
    return isFault(parsed) ? parsed : { value: parsed.value, at, event }
  }

  #notEvents(): Fault {
    const type = getHeader(this.#head.headers, 'content-type') ?? 'none'
    const shown = `content type ${JSON.stringify(type)}): ${JSON.stringify(this.#prefix)}`
    const message = `expected an event stream, got something else (status ${this.#head.status}, ${shown}`
    return fault('parse/events', message, { sent: true })
  }
}

const tooManyLines = (what: string): Fault =>
  fault('too_large/item', `${what} has more than ${MAX_LINES} lines`, { sent: true })

const CUT = fault('truncated/event', 'the body ended within an event: no blank line ends it', { sent: true })
