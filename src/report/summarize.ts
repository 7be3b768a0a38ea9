/** Makes the data of a report of what was collected. */
import { IN_DOUBT, UNSENT } from './classes.ts'
import type { Ending } from './classes.ts'
import { PHASES } from './collector.ts'
import type { Collector } from './collector.ts'
import type { CodeCount, HostReport, PhaseStatistics, ReportData } from './data.ts'
import { OTHER_HOSTS } from './hosts.ts'
import type { HostCounts } from './hosts.ts'
import { notesOf } from './notes.ts'
import type { FileFacts } from './read-file.ts'
import type { Histogram } from '../core/histogram.ts'

const MAX_SHOWN_HOSTS = 200
const MAX_SHOWN_CODES = 100

/** @param facts of the file; undefined for outcomes */
export function summarize(name: string, collected: Collector, facts: FileFacts | undefined): ReportData {
  const { clock, start, end, causes, timeline } = collected
  const counts = countsOf(collected)
  const hasTimes = clock.startedAtMs !== undefined
  return {
    version: 1,
    source: {
      name,
      ...(facts !== undefined && { bytes: facts.bytes, lines: facts.lines }),
      damaged: facts?.damaged ?? 0,
      isTorn: facts?.isTorn ?? false,
      superseded: collected.superseded,
    },
    run: {
      ...(hasTimes && { startedAt: isoOf(clock.startedAtMs), endedAt: isoOf(end?.atMs ?? clock.endedAtMs) }),
      ...(hasTimes && { elapsedMs: Math.round(elapsedOf(collected)) }),
      ...(causes.cpuMs !== undefined && { cpuMs: causes.cpuMs }),
      sessions: collected.sessions,
      ...(start?.version !== undefined && { version: start.version }),
      ...(start?.options !== undefined && { options: start.options }),
      // Without the end of the last session, nothing is known of it.
      ...(end !== undefined && causes.cause),
    },
    counts,
    ...endingsOf(collected),
    timings: Object.fromEntries(
      PHASES.flatMap((phase, at) => {
        const histogram = collected.phases[at] as Histogram
        return histogram.count === 0 ? [] : [[phase, phaseStatistics(histogram)]]
      }),
    ),
    phaseShares: phaseShares(collected),
    hosts: hostsOf(collected),
    ...(hasTimes && { series: timeline.series() }),
    pauses: collected.pauses.map(pause => ({ ...pause })),
    retriedFor: [...collected.retriedFor]
      .map(([reason, count]) => ({ reason, count }))
      .toSorted((a, b) => b.count - a.count),
    slowest: collected.samples.slowest(),
    failures: collected.samples.failures(),
    notes: notesOf(collected, facts, counts),
  }
}

const isoOf = (ms: number | undefined): string => new Date(ms ?? 0).toISOString()

/** One session knows how long it took; several, and a batch, are as long as their lines. */
function elapsedOf({ sessions, end, clock, batch }: Collector): number {
  return batch === undefined && sessions === 1 && end?.elapsedMs !== undefined ? end.elapsedMs : clock.elapsedMs
}

function countsOf({ hosts, classes, attempts, retries, bytes }: Collector): ReportData['counts'] {
  let [ok, failed, unsent, inDoubt] = [0, 0, 0, 0]
  for (const host of hosts.list) {
    for (const [ending, count] of host.classes) {
      if (ending === IN_DOUBT) inDoubt += count
      else if (ending === UNSENT) unsent += count
      else if (isOk(classes.list[ending])) ok += count
      else failed += count
    }
  }
  return { requests: ok + failed, ok, failed, unsent, inDoubt, attempts, retries, bytes }
}

const isOk = (ending: Ending | undefined): boolean => ending?.code === 'ok'

function endingsOf({ hosts, classes }: Collector): { codes: CodeCount[]; statuses: Record<string, number> } {
  const codes = new Map<string, Map<string, number>>()
  const statuses = new Map<string, number>()
  for (const { host, classes: endings } of hosts.list) {
    for (const [number, count] of endings) {
      if (number === IN_DOUBT || number === UNSENT || count === 0) continue
      const { code, status } = classes.list[number] as Ending
      const perHost = codes.get(code) ?? new Map<string, number>()
      codes.set(code, perHost.set(host, (perHost.get(host) ?? 0) + count))
      if (status !== undefined) statuses.set(String(status), (statuses.get(String(status)) ?? 0) + count)
    }
  }
  const list = [...codes].map(([code, perHost]) => {
    const most = [...perHost].map(([host, count]) => ({ host, count })).toSorted((a, b) => b.count - a.count)
    return { code, count: most.reduce((sum, { count }) => sum + count, 0), hosts: most.slice(0, 3) }
  })
  return {
    codes: list.toSorted((a, b) => b.count - a.count).slice(0, MAX_SHOWN_CODES),
    statuses: Object.fromEntries(statuses),
  }
}

function phaseStatistics(histogram: Histogram): PhaseStatistics {
  const at = (q: number): number => tenths(histogram.quantile(q))
  return {
    count: histogram.count,
    min: tenths(histogram.min),
    mean: tenths(histogram.mean),
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    max: tenths(histogram.max),
    buckets: wider(histogram),
  }
}

/** Four buckets to a power of two, which is as fine as a chart can show. */
function wider(histogram: Histogram): PhaseStatistics['buckets'] {
  const wide: { lower: number; upper: number; count: number }[] = []
  for (const { lower, count } of histogram.buckets()) {
    const step = lower === 0 ? 0 : Math.floor(Math.log2(lower) * 4 + 1e-9)
    const [from, to] = lower === 0 ? [0, 2 ** -10] : [2 ** (step / 4), 2 ** ((step + 1) / 4)]
    const last = wide.at(-1)
    if (last !== undefined && last.lower === thousandths(from)) last.count += count
    else wide.push({ lower: thousandths(from), upper: thousandths(to), count })
  }
  return wide
}

export const tenths = (ms: number): number => Math.round(ms * 10) / 10
const thousandths = (ms: number): number => Math.round(ms * 1_000) / 1_000

function phaseShares({ phases }: Collector): Record<string, number> {
  const sums = phases.map(({ count, mean }) => (count === 0 ? 0 : count * mean))
  const total = sums[PHASES.indexOf('total')] as number
  if (total === 0) return {}
  return Object.fromEntries(
    PHASES.flatMap((phase, at) => {
      const sum = sums[at] as number
      return phase === 'total' || sum === 0 ? [] : [[phase, Math.round((sum / total) * 100_000) / 100_000]]
    }),
  )
}

function hostsOf({ hosts, classes }: Collector): HostReport[] {
  const all = hosts.list.filter(({ attempts, classes: endings }) => attempts > 0 || hasEnded(endings))
  const reports = all.map(host => hostReport(host, classes.list)).toSorted((a, b) => b.requests - a.requests)
  if (reports.length <= MAX_SHOWN_HOSTS) return reports
  const rest = reports.slice(MAX_SHOWN_HOSTS - 1)
  const sum = (field: 'requests' | 'ok' | 'failed' | 'attempts' | 'bytes'): number =>
    rest.reduce((total, report) => total + report[field], 0)
  const largest = (field: 'p50' | 'p95' | 'max'): number => Math.max(...rest.map(report => report[field]))
  return [
    ...reports.slice(0, MAX_SHOWN_HOSTS - 1),
    {
      host: OTHER_HOSTS,
      requests: sum('requests'),
      ok: sum('ok'),
      failed: sum('failed'),
      attempts: sum('attempts'),
      bytes: sum('bytes'),
      codes: [],
      p50: largest('p50'),
      p95: largest('p95'),
      max: largest('max'),
    },
  ]
}

function hasEnded(endings: ReadonlyMap<number, number>): boolean {
  for (const [number, count] of endings) if (number !== IN_DOUBT && number !== UNSENT && count > 0) return true
  return false
}

function hostReport({ host, attempts, bytes, classes, wire }: HostCounts, endings: readonly Ending[]): HostReport {
  let ok = 0
  const codes = new Map<string, number>()
  for (const [number, count] of classes) {
    if (number === IN_DOUBT || number === UNSENT || count === 0) continue
    const { code } = endings[number] as Ending
    if (code === 'ok') ok += count
    else codes.set(code, (codes.get(code) ?? 0) + count)
  }
  const list = [...codes].map(([code, count]) => ({ code, count })).toSorted((a, b) => b.count - a.count)
  const failed = list.reduce((sum, { count }) => sum + count, 0)
  const ms = (q: number): number => (wire.count === 0 ? 0 : tenths(wire.quantile(q)))
  return {
    host,
    requests: ok + failed,
    ok,
    failed,
    attempts,
    bytes,
    codes: list.slice(0, 5),
    p50: ms(0.5),
    p95: ms(0.95),
    max: ms(1),
  }
}
