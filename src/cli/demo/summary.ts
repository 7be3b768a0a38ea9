/** The demo in a few aligned lines: how many, how fast, what went wrong and why, where the file is, what to do next. */
import type { FailedOutcome } from '../../index.ts'
import type { Seen } from './server.ts'
import type { Paint } from '../paint.ts'

export interface Facts {
  readonly total: number
  readonly ok: number
  readonly failures: readonly FailedOutcome[]
  /** Every record that can never come has failed, and no other. */
  readonly asPlanned: boolean
  readonly interrupted: boolean
  readonly elapsedMs: number
  readonly retries: number
  readonly pausedMs: number
  readonly seen: Readonly<Seen>
  readonly file: string
  readonly fileBytes: number
  /** Of the terminal. */
  readonly columns: number
}

export const NEXT = [
  "import { parallelRequests } from 'parallel-requests'",
  '',
  "const values = await parallelRequests(urls, { rateLimit: '10/s' })",
]

export function summary(facts: Facts, paint: Paint): string {
  const { seen, elapsedMs, pausedMs, failures, file } = facts
  const done = facts.ok + failures.length
  const perSecond = Math.round(seen.requests / (elapsedMs / 1_000))
  const repeats = Math.max(0, facts.retries - seen.throttled)
  return [
    '',
    headline(facts, done, paint),
    '',
    row('sent', `${seen.requests} requests, ${perSecond}/s, at most ${seen.mostAtOnce} at once`, paint),
    ...(repeats === 0 ? [] : [row('retried', `${repeats} × after a 500 or 503, with back-off`, paint)]),
    ...(seen.throttled === 0
      ? []
      : [row('throttled', `${seen.throttled} × by a 429: the host was left alone for ${seconds(pausedMs)} s`, paint)]),
    ...failureRows(facts, paint),
    row('file', `${paint('bold', file)}: ${done} lines, ${kilobytes(facts.fileBytes)} kB, an outcome each`, paint),
    '',
    ...(process.platform === 'win32'
      ? []
      : [
          paint('dim', '  Look at one, and at the failures:'),
          `    ${paint('cyan', `head -n 1 ${file}`)}`,
          `    ${paint('cyan', `grep '"ok":false' ${file}`)}`,
          '',
        ]),
    paint('dim', '  In a script of your own:'),
    ...NEXT.map(line => (line === '' ? '' : `    ${paint('cyan', line)}`)),
    '',
    '',
  ].join('\n')
}

function headline(
  { total, ok, failures, asPlanned, interrupted, elapsedMs }: Facts,
  done: number,
  paint: Paint,
): string {
  if (interrupted) return `  ${paint('yellow', `Stopped: ${done} of ${total} done`)}, the rest was not sent.`
  const failed = paint('red', `${failures.length} failed`)
  const remark = asPlanned ? ' as planned: the API never gives those' : ', and not those that were planned'
  return `  ${paint('green', `${ok} of ${total} fetched`)} in ${seconds(elapsedMs)} s, ${failed}${remark}.`
}

/** A line per code, the commonest first, with one example. */
function failureRows({ failures, columns }: Facts, paint: Paint): string[] {
  const byCode = Map.groupBy(failures, ({ error }) => error.code)
  const groups = [...byCode].toSorted(([, a], [, b]) => b.length - a.length)
  const width = Math.max(0, ...groups.map(([code]) => code.length))
  return groups.map(([code, [first, ...others]], place) => {
    const text = first === undefined ? '' : example(first, columns - width - 20)
    return row(
      place === 0 ? 'failed' : '',
      `${others.length + 1} × ${paint('red', code.padEnd(width))}  ${text}`,
      paint,
    )
  })
}

/** The message without what the row has said already. */
function example({ key = '', error, request }: FailedOutcome, maxLength: number): string {
  const text = `${key}: ${error.message.replace(`${request.method} ${request.url}: `, '')}`
  return text.length <= maxLength ? text : `${text.slice(0, Math.max(maxLength, 20) - 1)}…`
}

const row = (name: string, text: string, paint: Paint): string => `  ${paint('dim', name.padEnd(9))}  ${text}`
const seconds = (ms: number): string => (ms / 1_000).toFixed(1)
const kilobytes = (bytes: number): string => Math.round(bytes / 1_000).toString()
