/** For the summary: hosts whose requests were not sent, and the `--max-retry-after` that would have waited for them. */
import { record } from './records.ts'
import { formatDuration } from '../core/duration.ts'
import type { FailedOutcome } from '../index.ts'

const SHOWN_HOSTS = 5
/** Maximum number of hosts that are kept. */
const MAX_HOSTS = 1_000

interface Unsent {
  requests: number
  /** The end of the pause, in epoch milliseconds. */
  untilMs: number
  /** The `retry.maxRetryAfter` that would have been long enough. */
  waitMs: number
}

export class UnsentHosts {
  readonly #paused = new Map<string, Unsent>()
  /** Why the first request without a token has none. */
  #tokenless: string | undefined = undefined
  readonly #broken = new Map<string, Unsent>()

  /** @param outcome of a request that was not sent */
  note({ request, error, timings }: FailedOutcome): void {
    const { code, retryAt } = error
    if (code === 'auth/refresh') this.#tokenless ??= error.message
    if (retryAt === undefined) return
    const hosts = code === 'circuit/open' ? this.#broken : this.#paused
    const host = URL.parse(request.url)?.host ?? ''
    let of = hosts.get(host)
    if (of === undefined) {
      if (hosts.size === MAX_HOSTS) return
      hosts.set(host, (of = { requests: 0, untilMs: 0, waitMs: 0 }))
    }
    of.requests++
    of.untilMs = Math.max(of.untilMs, retryAt)
    // The wait is counted from the first refusal, which came after the request was read from the input.
    const waitedMs = error.attempts > 0 ? timings.total : 0
    of.waitMs = Math.max(of.waitMs, retryAt - Date.now() + waitedMs)
  }

  /** The longest `--max-retry-after` that would have waited; 0 if no host asked for a pause. */
  get waitMs(): number {
    return Math.max(0, ...[...this.#paused.values()].map(({ waitMs }) => waitMs))
  }

  lines(): string[] {
    const lines = [
      ...(this.#tokenless === undefined ? [] : [`${this.#tokenless}\n`]),
      ...[...this.#paused].map(
        ([host, { untilMs, waitMs }]) =>
          `${host} asked for a pause until ${timeOf(untilMs)}: --max-retry-after ${durationFlag(waitMs)} would have waited\n`,
      ),
      ...[...this.#broken].map(
        ([host, { untilMs }]) =>
          `${host} kept failing: no requests are sent to it until ${timeOf(untilMs)} (--breaker)\n`,
      ),
    ]
    const more = lines.length - SHOWN_HOSTS
    return more > 0 ? [...lines.slice(0, SHOWN_HOSTS), `… and ${more} more hosts\n`] : lines
  }

  records(): string[] {
    const paused = [...this.#paused].map(([host, { requests, untilMs, waitMs }]) =>
      record('unsent', { host, requests, until: timeOf(untilMs), max_retry_after: durationFlag(waitMs) }),
    )
    const broken = [...this.#broken].map(([host, { requests, untilMs }]) =>
      record('unsent', { host, requests, until: timeOf(untilMs) }),
    )
    const tokenless = this.#tokenless === undefined ? [] : [record('unsent', { reason: this.#tokenless })]
    return [...tokenless, ...paused, ...broken]
  }
}

/** Rounds up to whole seconds, so that the time is never too early. */
const timeOf = (ms: number): string => new Date(Math.ceil(ms / 1_000) * 1_000).toISOString().replace('.000Z', 'Z')

const durationFlag = (ms: number): string => formatDuration(Math.max(1, Math.ceil(ms / 1_000)) * 1_000)
