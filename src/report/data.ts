/** The content of a report as plain data: what `format: 'json'` writes, and what the other formats show. */
import type { Series } from './timeline.ts'

/**
 * Milliseconds. Quantiles are within 1.6 %. Not made from the type in `core/statistics.ts`: the script of the page, which is
 * compiled without Node's types, imports this file.
 */
export interface PhaseStatistics {
  readonly count: number
  readonly min: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  /** How many took from `lower` to `upper`, the shortest first. */
  readonly buckets: readonly { readonly lower: number; readonly upper: number; readonly count: number }[]
}

/** How many requests ended with this code. `ok` for success. */
export interface CodeCount {
  readonly code: string
  readonly count: number
  /** Of the hosts with most of them, at most three. */
  readonly hosts: readonly { readonly host: string; readonly count: number }[]
}

export interface HostReport {
  /** The origin: `https://api.example.com`. `other hosts` sums up those beyond the largest. */
  readonly host: string
  readonly requests: number
  readonly ok: number
  readonly failed: number
  readonly attempts: number
  readonly bytes: number
  /** The codes of its failures, the most frequent first, at most five. */
  readonly codes: readonly { readonly code: string; readonly count: number }[]
  /** Milliseconds on the wire: without waits for limits and between attempts. */
  readonly p50: number
  readonly p95: number
  readonly max: number
}

export interface TryReport {
  /** Milliseconds from the start of the first attempt. */
  readonly startMs: number
  readonly delayMs: number
  readonly status?: number
  readonly code?: string
  readonly timings: Readonly<Record<string, number>>
  readonly url?: string
  readonly poll?: number
}

/** One request, for the lists of failures and of the slowest requests. Long texts are cut. */
export interface RequestReport {
  readonly id: string
  readonly index: number
  readonly key?: string
  readonly method: string
  readonly url: string
  readonly status?: number
  readonly code?: string
  readonly message?: string
  /** The beginning of the body of the refused response. */
  readonly body?: string
  readonly bodyEncoding?: string
  readonly finalUrl?: string
  readonly location?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly attempts: number
  readonly timings: Readonly<Record<string, number>>
  readonly at?: string
  readonly tries?: readonly TryReport[]
}

/** Two runs of the same requests. */
export interface CompareData {
  readonly version: 1
  readonly before: ReportData
  readonly after: ReportData
  readonly changes: {
    /** Requests that were ok and fail now; of at most 200 how they fail. */
    readonly broken: { readonly count: number; readonly requests: readonly RequestReport[] }
    /** Requests that failed and are ok now. */
    readonly fixed: { readonly count: number; readonly requests: readonly RequestReport[] }
    readonly onlyBefore: number
    readonly onlyAfter: number
  }
}

export interface ReportData {
  /** The version of this format. */
  readonly version: 1
  readonly source: {
    /** The path, or `outcomes`. */
    readonly name: string
    readonly bytes?: number
    readonly lines?: number
    /** Lines that were changed after writing, or are not lines of a run file. They are left out. */
    readonly damaged: number
    readonly isTorn: boolean
    /** Lines that a later line of the same request replaces. */
    readonly superseded: number
  }
  readonly run: {
    /** ISO 8601; absent if no line has a time. */
    readonly startedAt?: string
    readonly endedAt?: string
    /** Without the time between sessions. */
    readonly elapsedMs?: number
    readonly cpuMs?: number
    readonly sessions: number
    readonly version?: string
    readonly options?: Readonly<Record<string, unknown>>
    /** What limited the run, with the share of each cause. */
    readonly limitedBy?: string
    readonly shares?: Readonly<Record<string, number>>
    readonly advice?: string
  }
  readonly counts: {
    /** Requests with a result: `ok` and `failed`. */
    readonly requests: number
    readonly ok: number
    readonly failed: number
    /** Read from the input and not sent. */
    readonly unsent: number
    /** Started by an earlier process, without a result. */
    readonly inDoubt: number
    /** Including those of results that later lines replace. */
    readonly attempts: number
    readonly retries: number
    readonly bytes: number
  }
  readonly codes: readonly CodeCount[]
  readonly statuses: Readonly<Record<string, number>>
  readonly timings: Readonly<Record<string, PhaseStatistics>>
  /** The share of each phase in the sum of all `total`. */
  readonly phaseShares: Readonly<Record<string, number>>
  readonly hosts: readonly HostReport[]
  /** Absent if no line has a time. */
  readonly series?: Series
  /** Milliseconds since the start. */
  readonly pauses: readonly { readonly host: string; readonly fromMs: number; readonly toMs: number }[]
  /** Reasons for retries, the most frequent first. */
  readonly retriedFor: readonly { readonly reason: string; readonly count: number }[]
  readonly slowest: readonly RequestReport[]
  /** At most 500, from every code and host. */
  readonly failures: readonly RequestReport[]
  /** What the source cannot tell, and what was left out: one sentence each. */
  readonly notes: readonly string[]
}
