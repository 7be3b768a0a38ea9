/** Reads one response with the parser of Node's own HTTP client, in its strict mode. */
// @ts-expect-error Not a public module, and the only way to the parser that reaches the speed of a fuzz.
import * as common from 'node:_http_common'
import type { Method, ReadResponse } from '../h1-reader.ts'

interface Parser {
  initialize(type: number, resource: object, maxHeaderBytes: number, lenient: number): void
  execute(bytes: Buffer): number | ParseError
  finish(): ParseError | undefined
  [callback: number]: unknown
}

interface ParseError extends Error {
  readonly code: string
  readonly bytesParsed: number
}

interface ParserClass {
  new (): Parser
  readonly RESPONSE: number
  readonly kOnMessageBegin: number
  readonly kOnHeaders: number
  readonly kOnHeadersComplete: number
  readonly kOnBody: number
  readonly kOnMessageComplete: number
}

const { HTTPParser } = common as { HTTPParser: ParserClass }

const MAX_HEADER_BYTES = 65_536
const RESOURCE = {}
/** What the callback for a complete head answers: read a body, or there is none. */
const WITH_BODY = 0
const NO_BODY = 1

type State = 'reading' | 'whole' | 'surplus' | 'upgrade'

class NodeReader {
  readonly #parser = new HTTPParser()
  #method: Method = 'GET'
  #pairs: string[] = []
  #status = 0
  #pieces: Buffer[] = []
  #isHeaded = false
  #state: State = 'reading'

  constructor() {
    const parser = this.#parser
    parser[HTTPParser.kOnMessageBegin] = (): void => {
      if (this.#state === 'whole') this.#state = 'surplus'
    }
    parser[HTTPParser.kOnHeaders] = (pairs: string[]): void => {
      // After the head it has the trailers.
      if (this.#state === 'reading' && !this.#isHeaded) this.#pairs.push(...pairs)
    }
    parser[HTTPParser.kOnHeadersComplete] = (
      _major: number,
      _minor: number,
      pairs: string[] | undefined,
      _method: unknown,
      _url: unknown,
      status: number,
    ): number => {
      if (this.#state !== 'reading') return WITH_BODY
      if (pairs !== undefined) this.#pairs.push(...pairs)
      this.#status = status
      this.#isHeaded = true
      if (status === 101) this.#state = 'upgrade'
      return this.#method === 'HEAD' ? NO_BODY : WITH_BODY
    }
    parser[HTTPParser.kOnBody] = (piece: Buffer): void => {
      if (this.#state === 'reading') this.#pieces.push(Buffer.from(piece))
    }
    parser[HTTPParser.kOnMessageComplete] = (): void => {
      if (this.#state !== 'reading') return
      // What follows a final response is not read.
      if (this.#status < 200) this.#forget()
      else this.#state = 'whole'
    }
  }

  #forget(): void {
    this.#pairs = []
    this.#status = 0
    this.#isHeaded = false
    this.#pieces = []
  }

  read(bytes: Buffer, method: Method): ReadResponse {
    this.#method = method
    this.#forget()
    this.#state = 'reading'
    this.#parser.initialize(HTTPParser.RESPONSE, RESOURCE, MAX_HEADER_BYTES, 0)
    const ended = bytes.byteLength === 0 ? 0 : this.#parser.execute(bytes)
    const state = this.#state as State
    if (state === 'upgrade') return this.#result('upgrade', '')
    if (state !== 'reading') return this.#result('whole', '', state === 'surplus' || typeof ended !== 'number')
    if (typeof ended !== 'number') return this.#result('refused', ended.code)
    this.#parser.finish()
    return this.#result((this.#state as State) === 'whole' ? 'whole' : 'cut', '')
  }

  #result(verdict: ReadResponse['verdict'], why: string, isSurplus = false): ReadResponse {
    const isFinal = this.#isHeaded && this.#status >= 200
    const headers = isFinal ? this.#pairs.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text)) : []
    return { verdict, why, status: isFinal ? this.#status : 0, headers, body: Buffer.concat(this.#pieces), isSurplus }
  }
}

const reader = new NodeReader()

export const readByNode = (bytes: Buffer, method: Method = 'GET'): ReadResponse => reader.read(bytes, method)
