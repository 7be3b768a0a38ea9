/** The tables of a report as cells, for text, Markdown and HTML. Text of servers and files is on one line, and escaped. */
import type { ReportData } from './data.ts'
import { PHASE_LABELS, causeLabel, reasonOf } from './headline.ts'
import { wireMsOf } from './entry.ts'
import { printable } from '../core/printable.ts'
import { amount, duration, percent, size } from './words.ts'

export interface Table {
  readonly title: string
  readonly head: readonly string[]
  /** Whether the column holds figures, which are aligned to the right. */
  readonly isFigure: readonly boolean[]
  readonly rows: readonly (readonly string[])[]
}

const MAX_URL = 100
const MAX_CELL = 60

/** @param most the most rows of a table */
export function tablesOf(data: ReportData, most = 20): Table[] {
  return [
    overview(data),
    table('What limited the run', ['cause', 'share of the time'], shareRows(data)),
    codeTable(data, most),
    phaseTable(data),
    hostTable(data, most),
    table(
      'Retried after',
      ['reason', 'attempts'],
      data.retriedFor.slice(0, most).map(({ reason, count }) => [short(reason), amount(count)]),
    ),
    table(
      'Pauses',
      ['host', 'from', 'duration'],
      data.pauses
        .slice(0, most)
        .map(({ host, fromMs, toMs }) => [short(host), duration(fromMs), duration(toMs - fromMs)]),
    ),
    failureTable(data, most),
    slowTable(data),
  ].filter(({ rows }) => rows.length > 0)
}

function codeTable({ codes, counts }: ReportData, most: number): Table {
  return table(
    'Results',
    ['code', 'requests', 'share', 'hosts'],
    codes
      .slice(0, most)
      .map(({ code, count, hosts }) => [
        short(code),
        amount(count),
        percent(count / counts.requests),
        hosts
          .map(({ host, count: of }) => (hosts.length === 1 ? short(host) : `${short(host)} (${amount(of)})`))
          .join(', '),
      ]),
    [false, true, true, false],
  )
}

function phaseTable({ timings }: ReportData): Table {
  return table(
    'Time by phase',
    ['phase', 'requests', 'p50', 'p90', 'p95', 'p99', 'max'],
    Object.entries(timings).map(([phase, { count, p50, p90, p95, p99, max }]) => [
      phase === 'total' ? phase : `${phase} (${PHASE_LABELS[phase] ?? phase})`,
      amount(count),
      ...[p50, p90, p95, p99, max].map(duration),
    ]),
  )
}

function hostTable({ hosts }: ReportData, most: number): Table {
  return table(
    'Hosts',
    ['host', 'requests', 'failed', 'attempts', 'bytes', 'p50', 'p95', 'codes'],
    hosts
      .slice(0, most)
      .map(({ host, requests, failed, attempts, bytes, p50, p95, codes }) => [
        short(host),
        amount(requests),
        amount(failed),
        amount(attempts),
        size(bytes),
        duration(p50),
        duration(p95),
        codes.map(({ code, count }) => `${short(code)} (${amount(count)})`).join(', '),
      ]),
    [false, true, true, true, true, true, true, false],
  )
}

function slowTable({ slowest }: ReportData): Table {
  return table(
    'Slowest on the wire',
    ['request', 'time', 'attempts', 'URL'],
    slowest.map(one => [
      short(one.key ?? one.id),
      duration(wireMsOf(one)),
      amount(one.attempts),
      short(one.url, MAX_URL),
    ]),
    [false, true, true, false],
  )
}

function overview({ counts, run }: ReportData): Table {
  return table(
    'Overview',
    ['', ''],
    [
      ['requests', amount(counts.requests)],
      ['ok', amount(counts.ok)],
      ['failed', amount(counts.failed)],
      ...(counts.unsent > 0 ? [['not sent', amount(counts.unsent)]] : []),
      ...(counts.inDoubt > 0 ? [['in doubt', amount(counts.inDoubt)]] : []),
      ['attempts', amount(counts.attempts)],
      ['retries', amount(counts.retries)],
      ['bytes', size(counts.bytes)],
      ...(run.startedAt === undefined ? [] : [['started', run.startedAt]]),
      ...(run.elapsedMs === undefined ? [] : [['duration', duration(run.elapsedMs)]]),
      ...(run.cpuMs === undefined ? [] : [['CPU time', duration(run.cpuMs)]]),
    ],
  )
}

function shareRows({ run }: ReportData): string[][] {
  return Object.entries(run.shares ?? {})
    .filter(([, share]) => share > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([cause, share]) => [printable(causeLabel(cause)), percent(share)])
}

function failureTable({ failures }: ReportData, most: number): Table {
  return table(
    'Failures',
    ['request', 'code', 'attempts', 'URL', 'reason'],
    failures
      .slice(0, most)
      .map(one => [
        short(one.key ?? one.id),
        short(one.code ?? ''),
        amount(one.attempts),
        short(one.url, MAX_URL),
        reasonOf(one) ?? '',
      ]),
    [false, false, true, false, false],
  )
}

/** One line for a cell. */
export function short(text: string, most = MAX_CELL): string {
  const shown = printable(text)
  return shown.length > most ? `${shown.slice(0, most)}…` : shown
}

/** @param isFigure default: all columns but the first */
export function table(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  isFigure: readonly boolean[] = head.map((_, at) => at > 0),
): Table {
  return { title, head, rows, isFigure }
}
