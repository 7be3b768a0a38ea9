/**
 * llhttp's `test/response/*.md`: a response as bytes, and what a strict parser reports about it.
 *
 * Compared is the result of the first final response: complete (then its status and body too), incomplete, or refused.
 * The connection ends after the bytes, which completes a body without framing.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { inTurns, play } from './play.ts'
import { LLHTTP_REASONS } from './llhttp-reasons.ts'
import type { Suite, Trial } from './trial.ts'

export const llhttp: Suite = {
  name: 'llhttp',
  reasons: LLHTTP_REASONS,
  run: from => {
    const folder = join(from, 'test', 'response')
    const files = readdirSync(folder).filter(name => name.endsWith('.md'))
    const cases = files.flatMap(file => casesOf(file, readFileSync(join(folder, file), 'utf8')))
    return inTurns(cases, tried)
  },
}

export interface LlhttpCase {
  /** `file: title`, numbered if several cases have the same title. */
  readonly name: string
  readonly meta: Meta
  readonly bytes: string
  /** What the parser reports, line by line. */
  readonly log: string
}

const PARTS = /^#+ (?<title>.*)$|^<!-- meta=(?<meta>.*) -->$|^```(?<lang>\w+)\n(?<text>[^]*?)^```$/gm

export function casesOf(file: string, markdown: string): LlhttpCase[] {
  const cases: LlhttpCase[] = []
  let title = ''
  let meta: Meta = {}
  let bytes = ''
  let number = 0
  for (const { groups = {} } of markdown.matchAll(PARTS)) {
    if (groups['title'] !== undefined) [title, number, meta] = [groups['title'], 0, {}]
    else if (groups['meta'] !== undefined) meta = JSON.parse(groups['meta']) as Meta
    else if (groups['lang'] === 'http') bytes = bytesOf(groups['text'] ?? '')
    else if (groups['lang'] === 'log') {
      const name = `${file}: ${title}${++number === 1 ? '' : ` (${number})`}`
      cases.push({ name, meta, bytes, log: groups['text'] ?? '' })
    }
  }
  return cases
}

interface Meta {
  /** `response`, `response-lenient-headers` and so on. */
  readonly type?: string
  /** The response is to a HEAD request. */
  readonly skipBody?: boolean
}

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', f: '\f' }

/** Line ends are CRLF; a backslash before one joins two lines; `\r`, `\n`, `\t`, `\f` and `\x00` are bytes. */
function bytesOf(text: string): string {
  return Buffer.from(text.replace(/\n$/, ''))
    .toString('latin1')
    .replace(/\\\n/g, '')
    .replace(/\n/g, '\r\n')
    .replace(/\\([rntf])/g, (_, letter: string) => ESCAPES[letter] as string)
    .replace(/\\x([\da-fA-F]{2})/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
}

type Verdict =
  | { readonly kind: 'whole'; readonly status: number; readonly body: string }
  | { readonly kind: 'incomplete' | 'refused' }

const EVENT = /^off=\d+ (?:len=\d+ )?(?<event>.*)$/gm
const HEAD = /^headers complete .*status=(?<status>\d+) .*flags=(?<flags>[\da-f]+)/
const CHUNKED_OR_LENGTH = 0x28
const BODY = /^span\[body\]=(?:(?<name>cr|lf)|"(?<text>.*)")$/

/** What the parser's log says about the first final response. */
export function verdictOf(log: string): Verdict {
  let status = 0
  let hasFraming = false
  let body = ''
  for (const { groups } of log.matchAll(EVENT)) {
    const event = groups?.['event'] ?? ''
    const head = HEAD.exec(event)?.groups
    const piece = BODY.exec(event)?.groups
    if (head !== undefined) {
      status = Number(head['status'])
      hasFraming = (Number.parseInt(head['flags'] as string, 16) & CHUNKED_OR_LENGTH) !== 0
      body = ''
    } else if (piece !== undefined) {
      body += piece['name'] === undefined ? piece['text'] : piece['name'] === 'cr' ? '\r' : '\n'
    } else if (event.startsWith('error')) return { kind: 'refused' }
    else if (event === 'message complete' && (status >= 200 || status === 101)) return { kind: 'whole', status, body }
  }
  return status >= 200 && !hasFraming ? { kind: 'whole', status, body } : { kind: 'incomplete' }
}

async function tried({ name, meta, bytes, log }: LlhttpCase): Promise<Trial> {
  const { type = 'none', skipBody = false } = meta
  if (type !== 'response') return { name, kind: 'out', why: `not the strict mode (${type})` }
  const {
    code,
    status = 0,
    body,
  } = await play(
    () => ({ bytes, isLast: true }),
    url => ({ url, followRedirects: false, method: skipBody ? 'HEAD' : 'GET' }),
    { contentCoding: 'raw' },
  )
  const theirs = textOf(verdictOf(log))
  const kind = code === 'ok' ? 'whole' : /^(?:truncated|reset)\//.test(code) ? 'incomplete' : 'refused'
  const ours = textOf(kind === 'whole' ? { kind, status, body } : { kind })
  if (ours === theirs) return { name, kind: 'agree' }
  return { name, kind: 'differ', theirs, ours: code === 'ok' ? ours : `${ours} (${code})`, input: bytes }
}

function textOf(verdict: Verdict): string {
  return verdict.kind === 'whole' ? `whole, ${verdict.status}, body ${JSON.stringify(verdict.body)}` : verdict.kind
}
