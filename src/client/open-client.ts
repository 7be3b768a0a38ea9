/**
 * An open client: options that have been read → plans → engine → shape. Its batches share sockets, cookies and limits.
 * `ParallelRequests` and the one-shot call read their options and pass the values on to it.
 */
import { inputOf, isShort, shapeOutcomes } from './batch.ts'
import type { ClientStats } from './client-stats.ts'
import type { RequestInputs } from './infer.ts'
import { ValueResults, wholeResults } from './run/results.ts'
import { PageOrder, Pages, RootCollector } from './run/pages.ts'
import type { Results } from './run/results.ts'
import { rootOutcome } from './run/root-outcome.ts'
import { openRunFile } from '../store/run-file.ts'
import { batchRun } from './run/batch-run.ts'
import type { BatchRun, BatchRunParts } from './run/batch-run.ts'
import { drain } from './run/drain.ts'
import { shapingOptions } from './run/run-notes.ts'
import { ClientStatistics, RunStatistics, noStatistics } from './client-statistics.ts'
import { statsOf } from './stats.ts'
import { systemClock } from './system-clock.ts'
import { wire } from './wire.ts'
import type { Wired } from './wire.ts'
import { planClient } from '../config/client-plan.ts'
import type { ClientPlan } from '../config/client-plan.ts'
import { readCookies } from '../config/cookie-input.ts'
import { got } from '../config/kinds.ts'
import { planBatch } from '../config/plan.ts'
import type { BatchPlan } from '../config/plan.ts'
import { isCookieStore } from '../config/shapes.ts'
import type { Values } from '../config/table.ts'
import { isThenable } from '../core/callback.ts'
import { ConfigError } from '../core/error.ts'
import { InputError, isInputError } from '../core/input-error.ts'
import type { CookiesInput } from '../core/options.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Clock } from '../core/ports.ts'
import type { Totals } from '../core/progress.ts'
import type { Statistics } from '../core/statistics.ts'
import type { Run } from '../engine/engine.ts'
import type { RunOptions } from '../engine/ports.ts'
import { isIterable } from '../engine/source.ts'
import { OutcomeStream } from '../engine/stream.ts'
import type { StartRun } from '../engine/stream.ts'
import type { Problem } from '../core/problem.ts'

type Deliver = RunOptions['deliver']
type OnEnded = RunOptions['ended']

/** What a run needs that sends a part of a larger input. */
export type RunPart = Required<Pick<BatchRunParts, 'placed' | 'openJournal'>>

export class OpenClient {
  readonly #values: Values
  readonly #plan: ClientPlan
  readonly #clock: Clock
  readonly #runs = new Set<Run>()
  /** Undefined if statistics are not kept, as in a client for one call that returns values only. */
  readonly #statistics: ClientStatistics | undefined
  #wired: Wired | undefined
  #closed = false
  /** Of a closed client. */
  #unmatched: readonly string[] = []
  /** Made with the first drain. `close()` aborts it, so that no drain waits for its sink any longer. */
  #closing: AbortController | undefined

  /**
   * @param values of the client
   * @param keepsStatistics false: those that it returns are empty
   */
  constructor(values: Values, keepsStatistics = true) {
    this.#values = values
    this.#plan = planClient(values)
    const { transport } = this.#plan
    this.#clock = (transport !== undefined && 'clock' in transport ? transport.clock : undefined) ?? systemClock
    this.#wired = wire(this.#plan, this.#clock, Math.random)
    this.#statistics = keepsStatistics ? new ClientStatistics(this.#clock) : undefined
  }

  /** Sends the whole input, and returns its result in the shape that input and options ask for. */
  async request(input: unknown, given: Values): Promise<unknown> {
    const wired = this.open()
    return this.#collect(input, this.#planBatch(given), wired)
  }

  /**
   * @param begun called with the run once it exists. It knows what its run file had; outcomes do not say that
   * @param part a part of a larger input, with the journal of its own
   */
  stream(input: unknown, given: Values, begun?: (batch: BatchRun) => void, part?: RunPart): OutcomeStream {
    const plan = this.#planBatch(given)
    checkLazy(input, plan)
    const pages = new Pages()
    const order = plan.order === 'input' ? new PageOrder(pages) : undefined
    const ordering = order && { pages, due: () => order.due }
    let statistics: RunStatistics | undefined
    // Checked again when reading starts: the client may have been closed since.
    const start: StartRun = (deliver, ended) => {
      const runOf = (made: BatchRun): Run => {
        begun?.(made)
        return made.run
      }
      const wired = this.open()
      statistics = this.#statistics?.begin()
      const batch = this.#batch({ items: input, plan, wired, deliver, ended, ordering, ...part }, statistics)
      return isThenable(batch) ? batch.then(runOf) : runOf(batch)
    }
    const snapshot = (): Statistics => statistics?.snapshot() ?? noStatistics(this.#clock)
    return new OutcomeStream(start, order, snapshot, () => statistics?.taken())
  }

  async drain(input: RequestInputs, given: Values): Promise<Totals> {
    const wired = this.open()
    const plan = this.#planBatch(given)
    checkLazy(input, plan)
    const statistics = this.#statistics?.begin()
    return drain({
      sink: plan.sink,
      signal: plan.signal,
      closed: (this.#closing ??= new AbortController()).signal,
      clock: this.#clock,
      statistics: () => {
        statistics?.taken()
        return statistics?.snapshot() ?? noStatistics(this.#clock)
      },
      open: (deliver, ended) => this.#batch({ items: input, plan, wired, deliver, ended }, statistics),
    })
  }

  setCookies(cookies: Exclude<CookiesInput, false>): void {
    const problems: Problem[] = []
    const read = readCookies(cookies, 'cookies', problems)
    if (this.#plan.cookieFile !== undefined && isCookieStore(read)) {
      problems.push(
        'setCookies: expected name and value pairs with cookieFile, got a cookie jar. Make a client without cookieFile.',
      )
    }
    if (!this.#plan.shareCookies && isCookieStore(read)) {
      problems.push(
        'setCookies: expected name and value pairs with shareCookies: false, got a cookie jar. A jar is shared.',
      )
    }
    if (read === undefined || problems.length > 0) throw new ConfigError(problems)
    this.open().cookies.set(read)
  }

  stats(): ClientStats {
    const statistics = (): Statistics => this.#statistics?.snapshot() ?? noStatistics(this.#clock)
    const unmatched = this.#wired?.unmatched() ?? this.#unmatched
    const hasHosts = Object.keys(this.#plan.hosts).length > 0
    return statsOf(this.#wired?.gate, this.#clock, statistics, hasHosts ? unmatched : undefined)
  }

  resetCookies(): void {
    this.open().cookies.reset()
  }

  async close(): Promise<void> {
    this.#closed = true
    const wired = this.#wired
    this.#wired = undefined
    if (wired !== undefined) {
      this.#unmatched = wired.unmatched()
      this.#statistics?.close()
    }
    for (const run of this.#runs) run.abort(new Error('the client was closed'))
    this.#closing?.abort()
    await wired?.close()
  }

  /** @throws ConfigError when the client was closed */
  open(): Wired {
    if (this.#closed || this.#wired === undefined) {
      throw new ConfigError(['client: expected an open client, got one that was closed. Make a new ParallelRequests.'])
    }
    return this.#wired
  }

  #planBatch(given: Values): BatchPlan {
    return planBatch(this.#values, given, this.#plan.concurrency)
  }

  async #collect(input: unknown, plan: BatchPlan, wired: Wired): Promise<unknown> {
    const shaped = inputOf(input, plan)
    const length = Array.isArray(shaped.items) ? shaped.items.length : 0
    const results: Results =
      plan.onFailure === 'settle'
        ? wholeResults(new Array<Outcome>(length))
        : new ValueResults(length, plan.request.call.secretNames)
    const pages = new Pages()
    const roots = new RootCollector(pages, root => results.add(rootOutcome(root)))
    const { aborted } = await new Promise<Run>((resolve, reject) => {
      let run: Run
      const deliver: Deliver = outcome => {
        if (!roots.take(outcome)) results.add(outcome)
        run.give()
      }
      const ended: OnEnded = inputError =>
        inputError === undefined ? resolve(run) : reject(withOutcomes(inputError.error, results))
      const start = (batch: BatchRun): void => {
        run = batch.run
        run.start()
      }
      const { items } = shaped
      // The run file tells of each run by itself.
      const own = plan.resume === undefined ? undefined : (this.#statistics?.begin() ?? new RunStatistics(this.#clock))
      const statistics = own?.tally ?? this.#statistics?.ofAll
      const batch = this.#batch({ items, plan, wired, deliver, ended, statistics, ordering: { pages } }, own)
      if (isThenable(batch)) batch.then(start).catch(reject)
      else start(batch)
    })
    return shapeOutcomes(results, shaped, plan, aborted)
  }

  /** @param own statistics of this run, which also tell what it was waiting for */
  #batch(
    given: Omit<BatchRunParts, 'openJournal' | 'clock' | 'own' | 'options'> & Partial<RunPart>,
    own?: RunStatistics,
  ): BatchRun | Promise<BatchRun> {
    const ready = given.wired.ready()
    if (ready === undefined) return this.#begin(given, own)
    const end = (error: unknown): never => {
      if (own !== undefined) this.#statistics?.end(own)
      throw error
    }
    return ready.then(() => this.#begin(given, own), end)
  }

  #begin(
    given: Omit<BatchRunParts, 'openJournal' | 'clock' | 'own' | 'options'>,
    own: RunStatistics | undefined,
  ): BatchRun | Promise<BatchRun> {
    const over = (): void => {
      if (own !== undefined) this.#statistics?.end(own)
    }
    const keep = (batch: BatchRun): BatchRun => {
      this.#runs.add((kept = batch.run))
      // The client was closed while the run file was being opened.
      if (this.#closed) kept.abort(new Error('the client was closed'))
      return batch
    }
    let kept: Run | undefined
    const made = batchRun({
      openJournal: openRunFile,
      ...given,
      own,
      ...(given.plan.resume !== undefined && { options: shapingOptions(this.#plan, given.plan) }),
      clock: this.#clock,
      ended: inputError => {
        if (kept !== undefined) this.#runs.delete(kept)
        over()
        given.ended(inputError)
      },
    })
    if (!isThenable(made)) return keep(made)
    return made.then(keep, (error: unknown) => {
      // Its run file could not be opened, so there is no run.
      over()
      throw error
    })
  }
}

/** Adds the outcomes to the error of an input that threw, so that what was sent before is not lost. */
function withOutcomes(error: unknown, results: Results): unknown {
  return isInputError(error) ? new InputError(error.cause, error.total, results.outcomes()) : error
}

function checkLazy(input: unknown, plan: BatchPlan): asserts input is Iterable<unknown> | AsyncIterable<unknown> {
  if (!isIterable(input)) {
    throw new ConfigError([
      `urls: expected an iterable or async iterable of requests, got ${got(input)}. Wrap one URL in an array.`,
    ])
  }
  if (plan.soleBody !== undefined && !isShort(input)) throw new ConfigError([plan.soleBody])
}
