/** The tables of an HTML report. Each chart has one behind it, for those who do not see it. */
import type { HostReport, ReportData } from './data.ts'
import { wireMsOf } from './entry.ts'
import { html } from './escape.ts'
import { PHASE_LABELS, causeLabel } from './headline.ts'
import { amount, duration, percent, perSecond, size } from './words.ts'

/** A cell is HTML; `sort` is the figure behind it. */
interface Cell {
  readonly html: string
  readonly sort?: number
  readonly isWide?: true
}

const figure = (value: number, write: (value: number) => string): Cell => ({ html: html(write(value)), sort: value })
const words = (text: string): Cell => ({ html: html(text) })
const wide = (text: string): Cell => ({ html: html(text), isWide: true })

/** The first cell of a row is its head. */
function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  isSortable = false,
): string {
  const isFigure = heads.map((_, at) => rows.some(row => row[at]?.sort !== undefined))
  const cell = ({ html: content, sort, isWide }: Cell, at: number): string => {
    const attributes = `${isFigure[at] === true ? ' class="figure"' : isWide ? ' class="wide"' : ''}${sort === undefined ? '' : ` data-value="${sort}"`}`
    return at === 0 ? `<th scope="row">${content}</th>` : `<td${attributes}>${content}</td>`
  }
  const head = heads.map((name, at) =>
    name === '' ? '<td></td>' : `<th scope="col"${isFigure[at] === true ? ' class="figure"' : ''}>${html(name)}</th>`,
  )
  return `<div class="scroll" tabindex="0" role="region" aria-label="${html(caption)}, as a table"><table${isSortable ? ' class="sortable"' : ''}>
<thead><tr>${head.join('')}</tr></thead>
<tbody>${rows.map(row => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}</tbody></table></div>`
}

/** A share as a small bar, without a style attribute, which the page forbids. */
const meter = (share: number): string =>
  `<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="${Math.max(0, Math.min(100, share * 100)).toFixed(1)}" height="8"/></svg>`

export function codeTable({ codes, counts }: ReportData): string {
  const rows = codes.map(({ code, count, hosts }, at): Cell[] => [
    { html: `<span class="dot ${codeClass(code, at)}"></span>${html(code)}` },
    figure(count, amount),
    figure(count / counts.requests, percent),
    wide(hosts.map(({ host, count: of }) => (hosts.length === 1 ? host : `${host} (${amount(of)})`)).join(', ')),
  ])
  return table('Results by code', ['code', 'requests', 'share', 'hosts'], rows)
}

/** The colour of a code: green for success, the others by rank. */
const codeClass = (code: string, at: number): string => (code === 'ok' ? 'c0' : `c${Math.min(5, Math.max(1, at))}`)

/** Results as one bar. */
export function codeBar({ codes, counts }: ReportData): string {
  if (counts.requests === 0) return ''
  let from = 0
  const parts = codes.map(({ code, count }, at) => {
    const width = (1_000 * count) / counts.requests
    const part = `<rect class="${codeClass(code, at)}" x="${from.toFixed(2)}" width="${Math.max(width, 1.5).toFixed(2)}" height="14"/>`
    from += width
    return part
  })
  return `<svg class="bar" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">${parts.join('')}</svg>`
}

export function shareTable({ run }: ReportData): string {
  const shares = Object.entries(run.shares ?? {}).filter(([, share]) => share > 0)
  const rows = shares
    .toSorted(([, a], [, b]) => b - a)
    .map(([cause, share]): Cell[] => [words(causeLabel(cause)), { html: meter(share) }, figure(share, percent)])
  return table('What limited the run', ['cause', '', 'share'], rows)
}

/** For runs that do not say what limited them. */
export function phaseShareTable({ phaseShares }: ReportData): string {
  const rows = Object.entries(phaseShares)
    .toSorted(([, a], [, b]) => b - a)
    .map(([phase, share]): Cell[] => [
      words(PHASE_LABELS[phase] ?? phase),
      { html: meter(share) },
      figure(share, percent),
    ])
  return table('Where the time of the requests went', ['phase', '', 'share'], rows)
}

export function phaseTable({ timings }: ReportData): string {
  const rows = Object.entries(timings).map(([phase, one]): Cell[] => [
    {
      html:
        phase === 'total' ? 'total' : `${html(phase)} <span class="quiet">${html(PHASE_LABELS[phase] ?? '')}</span>`,
    },
    figure(one.count, amount),
    ...[one.min, one.mean, one.p50, one.p90, one.p95, one.p99, one.max].map(ms => figure(ms, duration)),
  ])
  return table('Time by phase', ['phase', 'requests', 'min', 'mean', 'p50', 'p90', 'p95', 'p99', 'max'], rows)
}

export function hostTable(hosts: readonly HostReport[]): string {
  const rows = hosts.map((host): Cell[] => [
    words(host.host),
    figure(host.requests, amount),
    figure(host.failed, amount),
    figure(host.attempts, amount),
    figure(host.bytes, size),
    figure(host.p50, duration),
    figure(host.p95, duration),
    figure(host.max, duration),
    wide(host.codes.map(({ code, count }) => `${code} (${amount(count)})`).join(', ')),
  ])
  return table('Hosts', ['host', 'requests', 'failed', 'attempts', 'bytes', 'p50', 'p95', 'max', 'codes'], rows, true)
}

const MAX_TIMES = 40

/** The series of the charts, in at most 40 rows. */
export function seriesTable(series: NonNullable<ReportData['series']>): string {
  const step = Math.ceil(series.done.length / MAX_TIMES)
  const rows: Cell[][] = []
  for (let from = 0; from < series.done.length; from += step) {
    const sum = (values: readonly number[]): number =>
      values.slice(from, from + step).reduce((total, one) => total + one, 0)
    const slots = Math.min(step, series.done.length - from)
    const ms = slots * series.stepMs
    const wire = series.wireMs.slice(from, from + step).filter(value => value !== null)
    rows.push([
      words(from === 0 ? '0' : duration(from * series.stepMs)),
      figure((sum(series.done) * 1_000) / ms, perSecond),
      figure((sum(series.failed) * 1_000) / ms, perSecond),
      figure(sum(series.concurrency) / slots, amount),
      wire.length === 0 ? words('–') : figure(wire.reduce((total, one) => total + one, 0) / wire.length, duration),
    ])
  }
  return table('Throughput over time', ['from', 'done', 'failed', 'in flight', 'on the wire'], rows)
}

export function pauseTable({ pauses }: ReportData): string {
  const rows = pauses.map(({ host, fromMs, toMs }): Cell[] => [
    words(host),
    figure(fromMs, duration),
    figure(toMs - fromMs, duration),
  ])
  return table('Pauses', ['host', 'from', 'duration'], rows)
}

export function retryTable({ retriedFor }: ReportData): string {
  const rows = retriedFor.map(({ reason, count }): Cell[] => [words(reason), figure(count, amount)])
  return table('Reasons for retries', ['retried after', 'attempts'], rows)
}

export function slowTable({ slowest }: ReportData): string {
  const rows = slowest.map((one): Cell[] => [
    words(one.key ?? one.id),
    figure(wireMsOf(one), duration),
    figure(one.attempts, amount),
    wide(`${one.method} ${one.url}`),
  ])
  return table('The slowest requests', ['request', 'on the wire', 'attempts', 'URL'], rows)
}
