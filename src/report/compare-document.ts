/** The comparison of two runs as sentences and tables. */
import { notableShifts } from './compare.ts'
import type { CompareData, HostReport, ReportData, RequestReport } from './data.ts'
import type { Document } from './document.ts'
import { PHASE_LABELS, causeLabel, reasonOf, resultOf } from './headline.ts'
import { short, table } from './tables.ts'
import type { Table } from './tables.ts'
import { amount, duration, percent, perSecond, size } from './words.ts'

const MAX_URL = 100

export function compareDocument(data: CompareData, most = 20): Document {
  const { before, after } = data
  return {
    title: `${before.source.name} and ${after.source.name} compared`,
    sentences: sentencesOf(data),
    tables: [
      figures(before, after),
      codes(before, after, most),
      phases(before, after),
      hosts(before.hosts, after.hosts, most),
      requests('Ok before, failed now', data.changes.broken.requests, most, true),
      requests('Failed before, ok now', data.changes.fixed.requests, most, false),
    ].filter(({ rows }) => rows.length > 0),
    notes: [
      ...before.notes.map(note => `Before: ${note}`),
      ...after.notes.map(note => `After: ${note}`),
      ...only('only in the first run', data.changes.onlyBefore),
      ...only('only in the second run', data.changes.onlyAfter),
    ],
  }
}

const only = (where: string, count: number): string[] =>
  count === 0 ? [] : [`${amount(count, 'request')} ${count === 1 ? 'is' : 'are'} ${where}.`]

export function sentencesOf(data: CompareData): string[] {
  const { before, after, changes } = data
  const { broken, fixed } = changes
  const changed =
    broken.count + fixed.count === 0
      ? 'No request changed its result.'
      : `${amount(broken.count, 'request')} that ${broken.count === 1 ? 'was' : 'were'} ok now ${broken.count === 1 ? 'fails' : 'fail'}, and ${amount(fixed.count)} that failed ${fixed.count === 1 ? 'is' : 'are'} ok now.`
  const shifts = notableShifts(data)
    .slice(0, 3)
    .map(({ phase, before: then, after: now }) => {
      const what = phase === 'total' ? 'Requests' : capital(PHASE_LABELS[phase] ?? phase)
      return `${what}: 95 % took up to ${duration(now)} instead of ${duration(then)}.`
    })
  const paces = [before, after].map(rateOf)
  const [then, now] = paces
  const pace =
    then === undefined || now === undefined || Math.max(then, now) < 1.1 * Math.min(then, now)
      ? []
      : [`Throughput: ${perSecond(now)} instead of ${perSecond(then)}.`]
  return [changed, `Before: ${resultOf(before)} Now: ${resultOf(after)}`, [...pace, ...shifts].join(' ')]
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

function rateOf({ counts, run }: ReportData): number | undefined {
  return run.elapsedMs === undefined || run.elapsedMs === 0 ? undefined : (counts.requests * 1_000) / run.elapsedMs
}

/** `+5`, `-3`, or nothing. */
function change(before: number | undefined, after: number | undefined, write: (value: number) => string): string {
  if (before === undefined || after === undefined || before === after) return ''
  return `${after > before ? '+' : '-'}${write(Math.abs(after - before))}`
}

/** For durations: how many times as long. */
function times(before: number | undefined, after: number | undefined): string {
  if (before === undefined || after === undefined || before === after || before === 0) return ''
  const ratio = after / before
  return `× ${ratio >= 10 ? Math.round(ratio) : Math.round(ratio * 100) / 100}`
}

const text = (value: number | undefined, write: (value: number) => string): string =>
  value === undefined ? '–' : write(value)

function figures(before: ReportData, after: ReportData): Table {
  const row = (
    name: string,
    of: (data: ReportData) => number | undefined,
    write: (value: number) => string,
  ): string[] => [name, text(of(before), write), text(of(after), write), change(of(before), of(after), write)]
  const limits = [before, after].map(({ run }) =>
    run.limitedBy === undefined ? '–' : short(causeLabel(run.limitedBy)),
  )
  return table(
    'Overview',
    ['', 'before', 'after', 'change'],
    [
      row('requests', ({ counts }) => counts.requests, amount),
      row('ok', ({ counts }) => counts.ok, amount),
      row('failed', ({ counts }) => counts.failed, amount),
      [
        'success rate',
        ...[before, after].map(({ counts }) => (counts.requests === 0 ? '–' : percent(counts.ok / counts.requests))),
        '',
      ],
      row('attempts', ({ counts }) => counts.attempts, amount),
      row('retries', ({ counts }) => counts.retries, amount),
      row('bytes', ({ counts }) => counts.bytes, size),
      row('duration', ({ run }) => run.elapsedMs, duration),
      row('throughput', rateOf, perSecond),
      ['limited by', ...limits, ''],
    ],
  )
}

function codes(before: ReportData, after: ReportData, most: number): Table {
  const names = new Set([...after.codes, ...before.codes].map(({ code }) => code))
  const count = ({ codes: list }: ReportData, code: string): number => list.find(one => one.code === code)?.count ?? 0
  return table(
    'Results',
    ['code', 'before', 'after', 'change'],
    [...names]
      .slice(0, most)
      .map(code => [
        short(code),
        amount(count(before, code)),
        amount(count(after, code)),
        change(count(before, code), count(after, code), amount),
      ]),
  )
}

function phases(before: ReportData, after: ReportData): Table {
  const names = new Set([...Object.keys(before.timings), ...Object.keys(after.timings)])
  return table(
    'Time by phase',
    ['phase', 'p50 before', 'p50 after', '', 'p95 before', 'p95 after', ''],
    [...names].map(phase => {
      const [then, now] = [before.timings[phase], after.timings[phase]]
      return [
        phase,
        text(then?.p50, duration),
        text(now?.p50, duration),
        times(then?.p50, now?.p50),
        text(then?.p95, duration),
        text(now?.p95, duration),
        times(then?.p95, now?.p95),
      ]
    }),
  )
}

function hosts(before: readonly HostReport[], after: readonly HostReport[], most: number): Table {
  const names = new Set([...after, ...before].map(({ host }) => host))
  const find = (list: readonly HostReport[], host: string): HostReport | undefined =>
    list.find(one => one.host === host)
  return table(
    'Hosts',
    ['host', 'failed before', 'failed after', '', 'p50 before', 'p50 after', '', 'p95 before', 'p95 after', ''],
    [...names].slice(0, most).map(host => {
      const [then, now] = [find(before, host), find(after, host)]
      return [
        short(host),
        text(then?.failed, amount),
        text(now?.failed, amount),
        change(then?.failed, now?.failed, amount),
        text(then?.p50, duration),
        text(now?.p50, duration),
        times(then?.p50, now?.p50),
        text(then?.p95, duration),
        text(now?.p95, duration),
        times(then?.p95, now?.p95),
      ]
    }),
  )
}

function requests(title: string, list: readonly RequestReport[], most: number, isFailure: boolean): Table {
  return table(
    title,
    isFailure ? ['request', 'URL', 'code', 'reason'] : ['request', 'URL'],
    list
      .slice(0, most)
      .map(one => [
        short(one.key ?? one.id),
        short(one.url, MAX_URL),
        ...(isFailure ? [short(one.code ?? ''), reasonOf(one) ?? ''] : []),
      ]),
    [false, false, false, false],
  )
}
