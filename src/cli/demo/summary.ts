/** The summary of the demo: counts, rate, failures with their reasons, the file, and what to try next. */
import type { FailedOutcome } from '../../index.ts'
import type { ServerCounts } from './server.ts'
import type { Paint } from '../../display/paint.ts'

export interface Facts {
  readonly total: number
  readonly ok: number
  readonly failures: readonly FailedOutcome[]
  /** Whether exactly the records that the API never serves have failed. */
  readonly asPlanned: boolean
  readonly interrupted: boolean
  readonly elapsedMs: number
  readonly retries: number
  readonly pausedMs: number
  readonly seen: Readonly<ServerCounts>
  readonly file: string
  readonly fileBytes: number
  /** Width of the terminal. */
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
      : [row('throttled', `${seen.throttled} × by a 429: the host was paused for ${seconds(pausedMs)} s`, paint)]),
    ...failureRows(facts, paint),
    row('file', `${paint('bold', file)}: ${done} lines, ${kilobytes(facts.fileBytes)} kB, one outcome per line`, paint),
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
  if (interrupted) return `  ${paint('yellow', `Stopped: ${done} of ${total} done`)}. The rest was not sent.`
  const failed = paint('red', `${failures.length} failed`)
  const remark = asPlanned ? ' as planned: the API never serves those' : ', but not the ones that were planned'
  return `  ${paint('green', `${ok} of ${total} fetched`)} in ${seconds(elapsedMs)} s, ${failed}${remark}.`
}

/** One line per error code, the most frequent first, with an example. */
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

/** The message without the method and URL, which the key already shows. */
function example({ key = '', error, request }: FailedOutcome, maxLength: number): string {
  const text = `${key}: ${error.message.replace(`${request.method} ${request.url}: `, '')}`
  return text.length <= maxLength ? text : `${text.slice(0, Math.max(maxLength, 20) - 1)}…`
}

const row = (name: string, text: string, paint: Paint): string => `  ${paint('dim', name.padEnd(9))}  ${text}`
const seconds = (ms: number): string => (ms / 1_000).toFixed(1)
const kilobytes = (bytes: number): string => Math.round(bytes / 1_000).toString()
