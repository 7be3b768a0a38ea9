/** `preq URL…`, `preq -i FILE`: sends every request, writes every outcome, and prints a summary. */
import { openChain } from '../chain/open-chain.ts'
import { countInput } from '../input/count.ts'
import type { Counter } from '../input/count.ts'
import { openJobs } from '../input/jobs.ts'
import type { Jobs } from '../input/jobs.ts'
import { limited } from '../input/limited.ts'
import { watched } from '../input/watched.ts'
import type { Watched } from '../input/watched.ts'
import { openAttemptLog } from '../output/attempt-log.ts'
import type { AttemptLog } from '../output/attempt-log.ts'
import { openOutput } from '../output/output.ts'
import type { Output } from '../output/output.ts'
import { isOfLastStage } from '../output/rows.ts'
import { savingOptions } from '../output/save.ts'
import type { GivenCommand } from '../given-command.ts'
import { nextStepsOf } from '../next-steps.ts'
import { closingOf } from '../closing.ts'
import { pump } from '../pump.ts'
import { live } from '../live.ts'
import type { Total } from '../live.ts'
import { sayNotes } from '../notes.ts'
import { checkedCall } from '../run-options.ts'
import { planRun } from '../run-plan.ts'
import { messageRecord } from '../records.ts'
import type { RunPlan } from '../run-plan.ts'
import type { GivenFlags } from '../settings.ts'
import { retriedNothing } from '../retried-nothing.ts'
import { sentAsIsLines } from '../sent-as-is.ts'
import { unmatchedLines } from '../unmatched.ts'
import { interrupts } from '../signals.ts'
import { keepHeapSmall } from '../small-heap.ts'
import { Tally } from '../tally.ts'
import { tierUpLate } from '../tier-up.ts'
import { UsageError } from '../usage-error.ts'
import { endTokenCommands } from '../token-command.ts'
import type { Follow } from '../../core/follow.ts'
import { keepIntegers } from '../../core/exact-json.ts'
import type { Values } from '../../config/table.ts'
import { sharedLimitsOf } from '../share-plan.ts'
import { printable } from '../../core/printable.ts'
import { OpenClient } from '../../client/open-client.ts'
import type { BatchRun } from '../../client/run/batch-run.ts'
import { ConfigError, isInputError } from '../../index.ts'
import type { Progress } from '../../index.ts'

/** Resolves with the exit code. */
export async function run(urls: readonly string[], flags: GivenFlags): Promise<number> {
  keepHeapSmall()
  tierUpLate()
  keepIntegers()
  const plan = planRun(urls, flags, process.env)
  const jobs = limited(await openJobs(plan.input), plan.input.limit)
  const follow = openChain(plan, jobs)
  sayNotes(plan)
  const output = outputFor(plan, jobs)
  const log = logFor(plan, jobs, output)
  const exitCode = await send(plan, jobs, output, { urls, flags, log, follow }).catch(async (error: unknown) => {
    await (isRefusal(error) ? log?.discard() : log?.close().catch(() => undefined))
    // With a run file, the next run writes the outputs again.
    if (isRefusal(error) || plan.output.resume) output.discard()
    // An incomplete output replaces no file.
    else sayLeft(output.leave(), plan)
    throw error
  })
  await output.keep()
  await log?.close()
  return exitCode
}

function logFor({ output: plan }: RunPlan, jobs: Jobs, output: Output): AttemptLog | undefined {
  try {
    return openAttemptLog(plan)
  } catch (error) {
    jobs.close()
    output.discard()
    throw error
  }
}

function sayLeft(sentences: readonly string[], { display }: RunPlan): void {
  for (const sentence of sentences) {
    const text = `preq: ${printable(sentence)}\n`
    process.stderr.write(display.progress === 'json' ? messageRecord('error', text) : text)
  }
}

function outputFor(plan: RunPlan, jobs: Jobs): Output {
  try {
    return openOutput(plan.output, {
      columns: jobs.columns,
      hasKey: plan.input.key !== undefined,
      hasFollowUps: plan.output.isOfItems || plan.output.hasPages || plan.output.stages > 0,
      hasUrls: plan.input.urls.length === 0,
    })
  } catch (error) {
    // A writer that keeps the pipe open would keep this process running.
    jobs.close()
    throw error
  }
}

/** Whether the run was refused for a mistake in the flags, the input or the run file, so that there is nothing to keep. */
const isRefusal = (error: unknown): boolean => error instanceof UsageError || error instanceof ConfigError

interface Given extends Pick<GivenCommand, 'urls' | 'flags'> {
  readonly log: AttemptLog | undefined
  readonly follow: Follow | undefined
}

async function send(plan: RunPlan, jobs: Jobs, output: Output, given: Given): Promise<number> {
  const { log } = given
  const shared = await sharedLimitsOf(plan.share)
  const client = new OpenClient({ ...plan.client, ...shared, ...(log !== undefined && { telemetry: log }) })
  try {
    return await sendBy(client, plan, jobs, output, given)
  } finally {
    endTokenCommands()
    await client.close()
  }
}

async function sendBy(client: OpenClient, plan: RunPlan, jobs: Jobs, output: Output, given: Given): Promise<number> {
  const toTerminal = process.stdout.isTTY && (plan.output.toStdout || plan.output.writeOut !== undefined)
  const asRecords = plan.display.progress === 'json'
  const tally = new Tally({
    ...plan.display,
    asRecords,
    total: jobs.total,
    hasItems: plan.output.isOfItems,
    isRow: outcome => isOfLastStage(outcome, plan.output),
    statistics: () => stream.statistics(),
    remedy: remedyOf(plan, output),
    next: nextStepsOf(plan, given, output.runFile),
  })
  const input = watched(jobs)
  const aborting = new AbortController()
  const display = await live({
    // Data on the same terminal shows the progress, and a bar would overwrite it.
    how: plan.display.progress === 'shown' && toTerminal ? 'none' : plan.display.progress,
    stream: process.stderr,
    // How much follows is known only at the end.
    total: () => (plan.output.stages > 0 || plan.output.hasPages ? undefined : totalOf(jobs, input, counter)),
    pauses: () => client.stats().lanes.filter(({ pausedMs }) => pausedMs > 0),
  })
  const counter = display.show === undefined || jobs.total !== undefined ? undefined : countInput(plan.input)
  let shown: Progress | undefined
  const onProgress = (progress: Progress): void => {
    shown = progress
    display.show?.(withoutGivenUp(progress, tally))
  }
  const call = callOf(plan, given.follow, output, aborting.signal, display.show && onProgress)
  let batch: BatchRun | undefined
  const stream = client.stream(input.jobs, call, begun => (batch = begun))
  const signals = interrupts({
    stop: () => stream.stop(),
    paused: () => client.stats().lanes.reduce((sum, { pausedMs, queued }) => sum + (pausedMs > 0 ? queued : 0), 0),
    abort: () => aborting.abort(),
    say: text => display.say(`preq: ${text}`),
  })
  try {
    output.begin()
    await pump({
      outcomes: stream,
      sink: output.sink,
      note: outcome => tally.note(outcome),
      unwritten(error) {
        tally.unwritten++
        display.say(`preq: ${error.message}`)
      },
      stop: () => stream.stop(),
      room: given.log && (() => given.log?.room()),
    })
  } catch (caught) {
    const error = isInputError(caught) ? caught.cause : caught
    // The input failed after the first requests. Their results are written and kept.
    if (!(error instanceof UsageError) || tally.ok + tally.failed === 0) throw error
    display.say(`preq: ${error.message}`)
    tally.broken = true
  } finally {
    // Shows the last state again, because the number of abandoned requests is known only now.
    if (shown !== undefined && tally.unsent + tally.unfinished > 0) display.show?.(withoutGivenUp(shown, tally))
    display.done()
    counter?.stop()
    signals.close()
    jobs.close()
  }
  tally.stopped = !input.isAtEnd && !tally.broken && tally.ended !== jobs.total
  tally.gone = batch?.gone() ?? 0
  // Restored requests are not limited, and rows that have not been read yet may still match.
  const isAllSent = input.isAtEnd && tally.restored + tally.unsent === 0
  const unmatched = isAllSent ? (client.stats().unmatchedHosts ?? []) : []
  const remarks = [
    ...sentAsIsLines(jobs.sentAsIs, 'was'),
    ...unmatchedLines(unmatched, 'had'),
    ...output.remarks(),
    ...retriedNothing(plan.call.retryFailed, tally),
  ]
  const closing = closingOf({ ...plan.display, asRecords, tally })
  // The summary is the last record, and the advice is the last line of text.
  process.stderr.write(asRecords ? closing.text + tally.text(remarks) : tally.text(remarks) + closing.text)
  return signals.exitCode ?? (closing.hasFailed ? 1 : 0)
}

/** As soon as the input has been read to its end, its number of requests is known exactly. */
function totalOf({ total }: Jobs, input: Watched, counter: Counter | undefined): Total | undefined {
  if (total !== undefined) return { requests: total, isAbout: false }
  return input.isAtEnd ? { requests: input.count, isAbout: false } : counter?.total
}

function callOf(
  plan: RunPlan,
  follow: Follow | undefined,
  { resume }: Output,
  signal: AbortSignal,
  onProgress: ((progress: Progress) => void) | undefined,
): Values {
  return checkedCall({
    ...plan.call,
    ...savingOptions(plan.output),
    ...(follow !== undefined && { follow }),
    signal,
    ...(resume !== undefined && { resume, responseHeaders: plan.output.responseHeaders }),
    ...(onProgress !== undefined && { onProgress }),
  })
}

/** The engine counts abandoned requests as failed; the progress display counts them as not done. */
function withoutGivenUp(progress: Progress, { unsent, unfinished }: Tally): Progress {
  const count = unsent + unfinished
  return { ...progress, done: progress.done - count, failed: progress.failed - count }
}

/** How to continue, for a run that ended before its input. */
function remedyOf({ output }: RunPlan, { resume }: Output): string {
  if (output.resume) return 'Run the same command again to continue.'
  if (resume === undefined) return 'To be able to continue a run, start it with -o FILE.jsonl --resume.'
  return `Run the same command with --resume${output.overwrite ? ' instead of --overwrite' : ''} to continue.`
}
