/** A batch as a run of the engine: plain, or resumed from its run file. */
import { abandonItem, prepareItem } from './item.ts'
import { Following } from './following.ts'
import type { Ordering } from './following.ts'
import { ObservedBatch } from './observed.ts'
import { RequestIds } from './request-ids.ts'
import { reportedRun } from './reported-run.ts'
import { Resume } from './resume.ts'
import { openPollPaths } from '../poll-path.ts'
import { continueBatch } from '../save-to.ts'
import { endLines, startLine } from './run-notes.ts'
import { settle } from './settle.ts'
import type { RunStatistics } from '../client-statistics.ts'
import type { Wired } from '../wire.ts'
import { laneReader } from '../../config/lane-of-item.ts'
import type { BatchPlan, ResumePlan } from '../../config/plan.ts'
import type { Call } from '../../core/call.ts'
import { reasonOf } from '../../core/callback.ts'
import { ConfigError, makeError } from '../../core/error.ts'
import type { RequestError } from '../../core/error.ts'
import type { Dropped, Journal } from '../../core/journal.ts'
import type { Outcome } from '../../core/outcome.ts'
import { isPartial } from '../partial.ts'
import type { AcknowledgedSource, Clock, OpenJournal } from '../../core/ports.ts'
import { printable } from '../../core/printable.ts'
import { fault, isFault } from '../../core/result.ts'
import type { Run } from '../../engine/engine.ts'
import { GrowingSource } from '../../engine/growing-source.ts'
import { laneSource } from '../../engine/lane-source.ts'
import type { EngineParts, RunOptions } from '../../engine/ports.ts'
import { placedSource, toSource } from '../../engine/source.ts'
import type { Item, Source } from '../../engine/source.ts'
import { problem } from '../../core/problem.ts'

export interface BatchRunParts extends Pick<RunOptions, 'deliver' | 'ended' | 'statistics'> {
  readonly items: Iterable<unknown> | AsyncIterable<unknown>
  readonly plan: BatchPlan
  readonly wired: Wired
  readonly clock: Clock
  readonly openJournal: OpenJournal
  /** The requests of a part of a larger input, sent instead of `items`, which has none then. */
  readonly placed?: Iterable<Item> | undefined
  /** Statistics of this run alone. Undefined: a run file says nothing about the run itself. */
  readonly own?: RunStatistics | undefined
  /** The options that shape the run, for its run file. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** Puts outcomes into the order of their pages; undefined if they are handed out as they finish. */
  readonly ordering?: Ordering | undefined
  /** Called with each outcome once, after its line is in the journal and before it is delivered. */
  readonly acknowledge?: AcknowledgedSource['acknowledge'] | undefined
}

interface RunFailure {
  readonly error: unknown
}

const NONE = (): undefined => undefined

/** A run that has not been started yet, and how many of its outcomes came from its run file. */
export interface BatchRun {
  readonly run: Run
  readonly restored: () => number
  /** Number of requests that the run file has and the input does not. Known when the run has ended. */
  readonly gone: () => number
}

/** Synchronous, unless there is a run file to open first. */
export function batchRun(parts: BatchRunParts): BatchRun | Promise<BatchRun> {
  const { resume } = parts.plan
  const made = engineParts(parts)
  const plain = (): BatchRun => ({ run: makeRun(parts, made), restored: () => 0, gone: () => 0 })
  const opening = openPaths(parts.plan, made.following)
  if (resume === undefined) return opening === undefined ? plain() : opening.then(plain)
  return opening === undefined ? resumedRun(parts, made, resume) : opening.then(() => resumedRun(parts, made, resume))
}

/** Rejects with a ConfigError if a path of the options is wrong. */
function openPaths({ request }: BatchPlan, following: Following): Promise<unknown> | undefined {
  const { poll } = request.call
  const ofJobs = poll === undefined ? undefined : openPollPaths(poll)
  const ofPages = following.openAhead()
  return ofJobs === undefined || ofPages === undefined ? (ofJobs ?? ofPages) : Promise.all([ofJobs, ofPages])
}

async function resumedRun(parts: BatchRunParts, made: Made, plan: ResumePlan): Promise<BatchRun> {
  const { items, wired, clock, ended, own, options = {} } = parts
  const journal = await parts.openJournal(plan.path, { durability: plan.durability })
  const { size, dropped } = journal
  // Any crash leaves a torn last line: that needs no warning.
  if (dropped !== undefined && !dropped.isTorn) warnOf(plan.path, dropped)
  let failure: RunFailure | undefined
  let gone = 0
  try {
    const { engine: base, following } = made
    const { call: common } = parts.plan.request
    if (size > 0) continueBatch(common.saving.batch)
    const stop = (): void => run.stop('the run was stopped because of its run file')
    const resume = new Resume({
      journal,
      plan,
      send: wired.send,
      clock,
      stop,
      fail: error => {
        failure ??= { error: isFault(error) ? makeError(error, { attempts: 0, timings: { total: 0 } }) : error }
        stop()
      },
    })
    following.record = (call, result, outcome) => resume.followed(call, result, outcome)
    if (Array.isArray(items)) await checkArray(items, base, resume, journal, plan.path)
    const run = makeRun(
      {
        ...parts,
        ended: inputError => {
          const isWhole = !run.halted && !isPartial(items)
          const short =
            isWhole && run.counts.pulled - following.found < size ? { error: shorter(plan.path, size) } : undefined
          if (isWhole && (failure ?? inputError ?? short) === undefined) gone = resume.gone
          if (own !== undefined) journal.end?.(endLines(own.report(), clock))
          if (gone > 0) warnOfGone(plan.path, gone, journal.keys)
          journal.close().then(
            () => ended(failure ?? inputError ?? short),
            (error: unknown) => ended(failure ?? { error: lostFile(plan.path, error) }),
          )
        },
      },
      {
        following,
        engine: {
          ...base,
          prepare: item => resume.admit(base.prepare(item), common, item.id !== undefined),
          send: resume.send,
          settle: (call, result) => resume.settle(call, result),
        },
      },
      () => failure,
    )
    if (own !== undefined) journal.begin?.(startLine(options, run.counts.total, clock))
    return { run, restored: () => resume.restored, gone: () => gone }
  } catch (error) {
    await journal.close().catch(() => undefined)
    throw error
  }
}

/** The error for a file that was changed during the run: no outcome counts as saved. */
function lostFile(path: string, error: unknown): RequestError {
  const message = `the run file ${path} was changed during the run: ${reasonOf(error)}`
  return makeError(fault('resource/run_file', message, { cause: error }), { attempts: 0, timings: { total: 0 } })
}

function warnOf(path: string, { lines, firstLine }: Dropped): void {
  const what = lines === 1 ? `line ${firstLine}` : `${lines} lines, the first of them line ${firstLine},`
  const message = `${path}: ${what} could not be read and was set aside; the missing requests are sent again`
  process.emitWarning(printable(message), 'ParallelRequestsWarning')
}

/** @param keys how many requests with keys the file had */
function warnOfGone(path: string, gone: number, keys: number): void {
  const what = gone === 1 ? '1 of its requests is' : `${gone} of its requests are`
  // A lazy input is not refused if all of its keys have changed and its requests differ only in their keys.
  const all =
    gone === keys
      ? '. It has none of the keys of this input. If the keys were changed, every request was sent again'
      : ''
  const message = `${path}: ${what} not in this input any more. Nothing was removed from the file${all}`
  process.emitWarning(printable(message), 'ParallelRequestsWarning')
}

/** Checks that the array has every request of the file, unchanged. Runs before anything is sent. */
async function checkArray(
  items: readonly unknown[],
  parts: EngineParts,
  resume: Resume,
  journal: Journal,
  path: string,
): Promise<void> {
  if (items.length < journal.size) throw shorter(path, journal.size)
  // Requests with a key may be at any index.
  await resume.check(preparedItems(journal.keys > 0 ? items : items.slice(0, journal.size), parts))
}

function* preparedItems(items: readonly unknown[], { prepare }: EngineParts): Generator<Call | Outcome> {
  for (const [index, value] of items.entries()) {
    try {
      yield prepare({ value, index })
    } catch {
      // The item fails alone, when it is pulled.
    }
  }
}

export function shorter(path: string, size: number): ConfigError {
  return new ConfigError([
    problem(
      'resume',
      `the input that ${path} was made from, which had at least ${size} requests`,
      'a shorter one',
      'Give the same input (it may be longer), or another path.',
    ),
  ])
}

/** @param failure why the run is over, if its run file is */
function makeRun(given: BatchRunParts, { engine, following }: Made, failure: () => RunFailure | undefined = NONE): Run {
  const { plan, clock, wired, acknowledge, ended, own, statistics = own?.tally } = given
  const deliver: RunOptions['deliver'] =
    acknowledge === undefined
      ? given.deliver
      : outcome => {
          acknowledge(outcome)
          given.deliver(outcome)
        }
  const source = new GrowingSource(sourceOf(given), following)
  following.feed(item => source.add(item))
  const observed = new ObservedBatch(wired.observer, clock, source.size)
  const run: Run = reportedRun({
    source,
    limits: plan,
    parts: observed.parts(following.following(engine)),
    wired,
    clock,
    deliver,
    statistics,
    attribution: own?.attribution,
    ended: inputError => {
      const { ok, failed } = run.counts
      observed.end({ ok, failed, error: (failure() ?? inputError)?.error ?? run.aborted?.reason })
      ended(inputError)
    },
  })
  return run
}

/** What the engine needs, and what follows from its requests. */
interface Made {
  readonly engine: EngineParts
  readonly following: Following
}

function engineParts({ items, plan, wired, clock, ordering }: BatchRunParts): Made {
  const ids = new RequestIds(items, plan.keys)
  const following = new Following({ clock, plan, ids, order: ordering })
  const engine: EngineParts = {
    prepare: item => prepareItem(item, plan, clock.now(), ids),
    send: wired.send,
    settle: (call, result) => settle(call, result, clock),
    abandon: (item, reason) => abandonItem(item, plan, reason, ids),
  }
  return { engine: following.preparing(engine), following }
}

/** An array is taken lane by lane in turn, unless its order matters; any other input in its own order. */
function sourceOf({ items, placed, plan, wired: { gate } }: BatchRunParts): Source {
  if (placed !== undefined) return placedSource(placed)
  if (!Array.isArray(items) || plan.order === 'input') return toSource(items)
  const laneOf = laneReader(plan.request)
  return laneSource(items, (value, index) => laneOf(value, plan.paramsPerUrl?.[index]), gate, plan.window)
}
