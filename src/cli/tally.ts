/** Counts the results of a run and writes the summary. */
import { Failures } from './failures.ts'
import type { NextStep, NextSteps } from './next-steps.ts'
import { record } from './records.ts'
import { UnsentHosts } from './unsent.ts'
import { codeOf, isUnsent } from '../core/unsent-outcome.ts'
import { printable, printableLines } from '../core/printable.ts'
import { isUnsentCode } from '../core/outcome.ts'
import { NO_HOST } from '../core/tally.ts'
import type { Counted, Outcome, Statistics } from '../index.ts'

const SHOWN_WARNINGS = 5
/** Maximum number of different warnings. Some contain a number or a reason, so their number is not bounded otherwise. */
const MAX_WARNINGS = 100

export interface TallyParts {
  /** Whether only errors are shown. */
  readonly quiet: boolean
  /** Whether all failures and hosts are shown, not only the first failures. */
  readonly verbose: boolean
  /** Whether the summary is JSON lines instead of text. */
  readonly asRecords: boolean
  /** The number of requests of the input, if known. */
  readonly total: number | undefined
  /** Whether items are counted. */
  readonly hasItems: boolean
  /** Whether the outcome is in the outputs: one of the last stage. */
  readonly isRow: (outcome: Outcome) => boolean
  /** What the run has counted, called after its end. */
  readonly statistics: () => Statistics
  /** How to send the requests that were not sent. */
  readonly remedy: string
  /** The commands that fit the failures. */
  readonly next: NextSteps
}

/** A host of a URL in the summary; requests that were not sent or were aborted are counted apart. */
interface HostCounts {
  readonly host: string
  readonly ok: number
  readonly failed: number
  readonly retries: number
  readonly bytes: number
}

export class Tally {
  /** Requests that were read from the input and not sent. */
  unsent = 0
  /** Requests that were aborted in flight, so that a later run sends them. */
  unfinished = 0
  /** Requests of the run file that the input does not have any more. */
  gone = 0
  unwritten = 0
  /** Whether the input failed before its end. */
  broken = false
  /** Whether the run ended before the input. */
  stopped = false
  #items = 0
  /** Those of the counts that followed from other requests. */
  readonly #followed = { ended: 0, unsent: 0, unfinished: 0 }
  readonly #failures: Failures
  readonly #warnings = new Map<string, number>()
  #counted: Statistics | undefined
  readonly #unsentHosts = new UnsentHosts()
  readonly #parts: TallyParts
  readonly #startedAtMs = performance.now()

  constructor(parts: TallyParts) {
    this.#parts = parts
    this.#failures = new Failures(parts)
  }

  note(outcome: Outcome): void {
    if (outcome.warnings.length > 0) this.#warn(outcome.warnings)
    const code = codeOf(outcome)
    const follows = outcome.parent !== undefined
    if (isUnsent(outcome)) {
      this.unsent++
      if (follows) this.#followed.unsent++
      if (!outcome.ok) this.#unsentHosts.note(outcome)
      return
    }
    if (code?.startsWith('aborted/') === true) {
      this.unfinished++
      if (follows) this.#followed.unfinished++
      return
    }
    if (follows) this.#followed.ended++
    if (!outcome.ok) this.#failures.note(outcome)
    else if (outcome.items !== undefined && this.#parts.isRow(outcome)) this.#items += outcome.items.length
  }

  /** What the run has counted. Made once, after its end. */
  get statistics(): Statistics {
    return (this.#counted ??= this.#parts.statistics())
  }

  get ok(): number {
    return this.statistics.ok
  }

  /** Without requests that were not sent, or aborted. */
  get failed(): number {
    return failedOf(this.statistics)
  }

  /** Requests of the input that are ok or failed. */
  get ended(): number {
    return this.ok + this.failed - this.#followed.ended
  }

  get restored(): number {
    return this.statistics.restored
  }

  /** Until now, from the start of the command. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAtMs
  }

  /** @param mayFail whether failures are judged by other means */
  isWhole(mayFail: boolean): boolean {
    const failed = mayFail ? 0 : this.failed
    return !this.broken && !this.stopped && failed + this.unfinished + this.unsent + this.unwritten === 0
  }

  /** The summary for standard error. */
  text(remarks: readonly string[] = []): string {
    if (this.#parts.asRecords) return this.#records(remarks)
    const lines = this.#failures.lines()
    const { quiet, remedy } = this.#parts
    if (quiet) return printableLines(lines.join(''))
    lines.push(
      ...this.#warned(),
      ...remarks.map(remark => `warning: ${printable(remark)}\n`),
      ...this.#hostLines(),
      ...this.#unsentHosts.lines(),
      `${this.#summary()}\n`,
    )
    if (this.#left > 0 || this.unfinished > 0 || this.#hasUnknownRest) lines.push(`${remedy}\n`)
    lines.push(...this.#nextLines())
    return printableLines(lines.join(''))
  }

  /** Written even with `--quiet`, because a program reads the records. */
  #records(remarks: readonly string[]): string {
    const notSent = this.#left
    const isComplete = !(this.broken || this.stopped) && notSent + this.unfinished === 0
    return [
      ...this.#failures.records(),
      ...[...this.#warnings].map(([message, requests]) => record('warning', { message, requests })),
      ...remarks.map(message => record('warning', { message })),
      ...this.#hosts.map(counts => record('host', counts)),
      ...this.#unsentHosts.records(),
      ...this.#next.map(step => record('next', step)),
      record('summary', {
        ok: this.ok,
        failed: this.failed,
        from_before: this.restored,
        gone: this.gone,
        given_up: this.unfinished,
        not_sent: notSent,
        not_written: this.unwritten,
        ...(this.#parts.hasItems && { items: this.#items }),
        ...(this.#followed.ended > 0 && { followed: this.#followed.ended }),
        complete: isComplete,
        codes: Object.fromEntries(this.#failures.codes),
        elapsed_ms: Math.round(this.elapsedMs),
      }),
    ].join('')
  }

  get #next(): readonly NextStep[] {
    const { groups, areHidden } = this.#failures
    const unsent = this.#left + this.unfinished + (this.#hasUnknownRest ? 1 : 0)
    return this.#parts.next.of({ groups, areHidden, unsent, waitMs: this.#unsentHosts.waitMs })
  }

  #nextLines(): string[] {
    const { remark } = this.#parts.next
    if (remark !== undefined) return this.failed > 0 ? [`${remark}\n`] : []
    return this.#next.flatMap(({ why, command }) => [`next, ${why}:\n`, `  ${command}\n`])
  }

  /** Requests that were not sent: the ones that were read, and the rest of the input as far as its size is known. */
  get #left(): number {
    const { total } = this.#parts
    if (total === undefined || !this.stopped) return this.unsent
    const { unsent, unfinished } = this.#followed
    return total - this.ended - (this.unfinished - unfinished) + unsent
  }

  get #hasUnknownRest(): boolean {
    return this.stopped && this.#parts.total === undefined
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) {
      const before = this.#warnings.get(warning)
      if (before !== undefined || this.#warnings.size < MAX_WARNINGS) this.#warnings.set(warning, (before ?? 0) + 1)
    }
  }

  #warned(): string[] {
    const kinds = [...this.#warnings].toSorted(([, a], [, b]) => b - a)
    const lines = kinds
      .slice(0, SHOWN_WARNINGS)
      .map(([warning, count]) => `warning, ${count} request${count === 1 ? '' : 's'}: ${printable(warning)}\n`)
    return kinds.length > SHOWN_WARNINGS ? [...lines, '… and other warnings\n'] : lines
  }

  get #hosts(): HostCounts[] {
    if (!this.#parts.verbose) return []
    return this.statistics.hosts
      .filter(({ host }) => host !== NO_HOST)
      .map(counted => {
        const { host, ok, retries, bytes } = counted
        return { host, ok, failed: failedOf(counted), retries, bytes }
      })
      .filter(({ ok, failed }) => ok + failed > 0)
  }

  #hostLines(): string[] {
    return this.#hosts.map(
      ({ host, ok, failed, retries, bytes }) =>
        `${host}: ${ok} ok, ${failed} failed, ${retries} retries, ${bytes} bytes\n`,
    )
  }

  #summary(): string {
    const seconds = (performance.now() - this.#startedAtMs) / 1_000
    const restored = this.restored > 0 ? ` (${this.restored} of these restored from the run file)` : ''
    const { ended: followed } = this.#followed
    const left = this.#left
    const rest = this.#hasUnknownRest ? ['the rest of the input'] : []
    const unsent = [...(left > 0 ? [String(left)] : []), ...rest]
    const parts = [
      `${this.ok} ok`,
      `${this.failed} failed${restored}`,
      ...(followed > 0 ? [`${followed} of these followed from ${requests(this.ended)}`] : []),
      ...(this.#parts.hasItems ? [`${this.#items} ${this.#items === 1 ? 'item' : 'items'}`] : []),
      ...(this.unfinished > 0 ? [`${this.unfinished} aborted in flight`] : []),
      ...(unsent.length > 0 ? [`${unsent.join(' and ')} not sent`] : []),
      ...(this.gone > 0 ? [`${this.gone} of the run file not in the input any more`] : []),
      ...(this.unwritten > 0 ? [`${this.unwritten} not written`] : []),
    ]
    return `${parts.join(', ')} in ${seconds.toFixed(1)} s`
  }
}

const requests = (count: number): string => `${count} ${count === 1 ? 'request' : 'requests'}`

function failedOf({ failed, codes }: Counted): number {
  let left = failed
  for (const [code, count] of Object.entries(codes))
    if (isUnsentCode(code) || code.startsWith('aborted/')) left -= count
  return left
}
