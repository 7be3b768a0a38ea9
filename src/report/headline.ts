/** The three questions that are asked after a run, answered in a few sentences: did it work, why was it slow, what failed. */
import type { ReportData, RequestReport } from './data.ts'
import { printable } from '../core/printable.ts'
import { amount, duration, percent, perSecond } from './words.ts'

/** Where the time of a request goes. */
export const PHASE_LABELS: Readonly<Record<string, string>> = {
  queue: 'waiting for a free slot',
  limiter: 'waiting for rate limits and pauses',
  backoff: 'waiting before a retry',
  polling: 'waiting for a job',
  dns: 'DNS lookup',
  connect: 'connecting',
  tls: 'TLS handshake',
  firstByte: 'waiting for the server',
  body: 'receiving the body',
  total: 'in total',
}

const CAUSES: Readonly<Record<string, string>> = {
  rate: 'a rate limit',
  concurrency: 'the concurrency',
  server: 'the servers',
  retries: 'retries and their back-off',
  pause: 'pauses that servers asked for',
  cpu: 'the CPU',
  consumer: 'the consumer of the outcomes',
  input: 'the input',
}

export const causeLabel = (cause: string): string => CAUSES[cause] ?? cause

export interface Headline {
  /** Did it work? */
  readonly result: string
  /** How long it took, and why. */
  readonly time: string
  /** What failed and why; empty if nothing did. */
  readonly failures: string
}

/** Texts of servers in it are escaped for a terminal. */
export function headline(data: ReportData): Headline {
  return { result: resultOf(data), time: [paceOf(data), causeOf(data)].join(' ').trim(), failures: failuresOf(data) }
}

export function resultOf({ counts }: ReportData): string {
  const { requests, ok, failed } = counts
  if (requests === 0) return 'No request has a result.'
  if (failed === 0) return requests === 1 ? 'The request succeeded.' : `All ${amount(requests)} requests succeeded.`
  if (ok === 0) return requests === 1 ? 'The request failed.' : `All ${amount(requests)} requests failed.`
  const share = percent(ok / requests)
  return `${amount(ok)} of ${amount(requests)} requests succeeded (${share}), ${amount(failed)} failed.`
}

function paceOf({ run, counts, timings }: ReportData): string {
  const { elapsedMs } = run
  const total = timings['total']
  if (counts.requests === 0) return ''
  const half =
    total === undefined
      ? ''
      : `Half of the requests were done within ${duration(total.p50)}, 95 % within ${duration(total.p95)}.`
  if (elapsedMs === undefined || elapsedMs === 0) return half
  const rate = perSecond((counts.requests / elapsedMs) * 1_000)
  return `The run took ${duration(elapsedMs)} (${rate}). ${half}`.trim()
}

/** What the run file says limited the run; otherwise the phase that took most of the request time. */
function causeOf({ run, phaseShares, counts, retriedFor }: ReportData): string {
  if (counts.requests === 0) return ''
  const retries = retriesOf(counts.retries, retriedFor)
  if (run.limitedBy !== undefined) {
    const share = run.shares?.[run.limitedBy]
    const cause = `Limited by ${causeLabel(run.limitedBy)}`
    // The advice contains the share.
    if (run.advice !== undefined) return `${printable(`${cause}: ${ended(run.advice)}`)}${retries}`
    return `${printable(cause)}${share === undefined ? '' : ` for ${percent(share)} of the time`}.${retries}`
  }
  const [most] = Object.entries(phaseShares).toSorted(([, a], [, b]) => b - a)
  if (most === undefined) return retries.trim()
  return `Largest part of the request time: ${PHASE_LABELS[most[0]] ?? most[0]} (${percent(most[1])}).${retries}`
}

function retriesOf(retries: number, reasons: ReportData['retriedFor']): string {
  if (retries === 0) return ''
  const [most] = reasons
  return ` ${amount(retries)} ${retries === 1 ? 'retry' : 'retries'}${most === undefined ? '' : `, most often after ${printable(most.reason)} (${amount(most.count)})`}.`
}

function failuresOf({ codes, counts, failures }: ReportData): string {
  const failed = codes.filter(({ code }) => code !== 'ok')
  const [most] = failed
  if (most === undefined) return ''
  const example = failures.find(({ code }) => code === most.code)
  const [host] = most.hosts
  const where =
    host === undefined
      ? ''
      : most.hosts.length === 1
        ? ` at ${host.host}`
        : 2 * host.count >= most.count
          ? `, mostly at ${host.host}`
          : ' at several hosts'
  const count = most.count === counts.failed ? 'All' : amount(most.count)
  const words = example === undefined ? undefined : reasonOf(example)
  const others = failed.slice(1, 4).map(({ code, count: of }) => `${printable(code)} (${amount(of)})`)
  const more =
    others.length === 0
      ? ''
      : ` Others: ${others.join(', ')}${failed.length > 4 ? ` and ${amount(failed.length - 4)} more` : ''}.`
  const verb = most.count === 1 ? 'is' : 'are'
  return `${count === 'All' && counts.failed === 1 ? 'The failure' : `${count} of the failures`} ${verb} ${printable(most.code)}${printable(where)}${words === undefined ? '' : `, for example: “${words}”`}.${more}`
}

const MAX_WORDS = 160

/** The server's own words if there are some, otherwise the message. As one line, escaped. */
export function reasonOf({ body, bodyEncoding, message }: RequestReport): string | undefined {
  const said = body !== undefined && bodyEncoding === undefined ? wordsIn(body) : undefined
  const words = said === undefined || said === '' ? message : said
  if (words === undefined || words === '') return undefined
  const line = printable(words.replaceAll(/\s+/g, ' ').trim())
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line
}

const FIELDS = ['detail', 'message', 'error_description', 'error', 'title', 'reason', 'description'] as const

/** The sentence in a JSON error (RFC 9457 and what else is common), the text of an HTML page, or the text itself. */
function wordsIn(body: string): string {
  const text = body.trim()
  if (text.startsWith('{')) {
    const words = fieldsIn(text)
    if (words !== undefined) return words
  }
  return text.startsWith('<') ? textOfPage(text) : text
}

function fieldsIn(json: string): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return undefined
  }
  for (let depth = 0; depth < 3 && typeof value === 'object' && value !== null; depth++) {
    const fields = value as Readonly<Record<string, unknown>>
    const found = FIELDS.map(name => fields[name]).find(field => field !== undefined && field !== null)
    if (typeof found === 'string') return found
    value = found
  }
  return undefined
}

function textOfPage(html: string): string {
  const title = /<title[^>]{0,200}>([^<]{1,500})/i.exec(html)?.[1]
  return title ?? html.replaceAll(/<(?:script|style)[\s\S]*?<\/(?:script|style)\s*>/gi, ' ').replaceAll(/<[^>]*>/g, ' ')
}

const ended = (text: string): string => `${text.trim()}${/[.!?]\s*$/.test(text) ? '' : '.'}`
