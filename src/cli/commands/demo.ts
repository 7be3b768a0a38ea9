/**
 * `preq demo`, for the first minute with preq. Starts a small API on this machine, fetches a few hundred records from it
 * through the public API with live progress, writes every outcome to `results.jsonl` and prints a summary. Needs no
 * network.
 */
import { CALL, fetchAll } from '../demo/call.ts'
import { catalogue } from '../demo/catalogue.ts'
import type { Repository } from '../demo/catalogue.ts'
import { demoLines } from '../demo/line.ts'
import { moods } from '../demo/moods.ts'
import { openResults, OutputError } from '../demo/results.ts'
import { startApi } from '../demo/server.ts'
import { summary } from '../demo/summary.ts'
import { paintFor } from '../../display/paint.ts'
import type { Paint } from '../../display/paint.ts'
import { showProgress } from '../../display/line.ts'
import type { FailedOutcome, Outcome, Progress } from '../../index.ts'

const FILE = 'results.jsonl'
const DEFAULT_COLUMNS = 110
const CAN_COME = new Set(['prompt', 'slow', 'shaky'])

/** Resolves with the exit code. Planned failures of the API do not count as a failure of the demo. */
export async function demo(): Promise<number> {
  try {
    return await runDemo()
  } catch (error) {
    if (!(error instanceof OutputError)) throw error
    process.stderr.write(`preq: ${error.message}\n`)
    return error.exitCode
  }
}

async function runDemo(): Promise<number> {
  const results = await openResults(FILE)
  const repositories = catalogue()
  const plan = moods(repositories.length)
  const api = await startApi({ repositories, moods: plan })
  const paint = paintFor(process.stdout)
  process.stdout.write(introduction(repositories.length, api.baseUrl, paint))

  const tally = new DemoTally()
  const display = await showProgress(process.stderr)
  const interrupts = new DemoInterrupts()
  const lineOf = demoLines()
  const startedAtMs = performance.now()
  try {
    await fetchAll({
      baseUrl: api.baseUrl,
      onProgress(progress) {
        interrupts.running = true
        // After a stop, the engine counts abandoned requests as failed; the display keeps the last counts before it.
        if (interrupts.count > 0 || results.failed) return
        tally.note(progress)
        display.show(progress)
      },
      async save(outcome) {
        // An abandoned request is not done. It gets no line, so that a later run would send it.
        if (outcome.error?.code.startsWith('aborted/') === true) return
        tally.add(outcome)
        await results.write(lineOf(outcome, new Date()))
      },
    })
  } finally {
    display.done()
    interrupts.close()
    await api.close()
  }
  const elapsedMs = performance.now() - startedAtMs
  const fileBytes = await results.close()
  const { ok, failures, retries, pausedMs } = tally
  const fated = new Set(plan.flatMap(({ kind }, index) => (CAN_COME.has(kind) ? [] : [index])))
  const facts = {
    total: repositories.length,
    ok,
    failures,
    asPlanned: failures.length === fated.size && failures.every(({ index }) => fated.has(index)),
    interrupted: interrupts.count > 0,
    elapsedMs,
    retries,
    pausedMs,
    seen: api.seen,
    file: FILE,
    fileBytes,
    columns: process.stdout.columns || DEFAULT_COLUMNS,
  }
  process.stdout.write(summary(facts, paint))
  if (facts.interrupted) return 130
  return facts.asPlanned ? 0 : 1
}

function introduction(count: number, baseUrl: string, paint: Paint): string {
  return [
    '',
    `  ${paint('bold', `${count} records from a small API on this machine`)}, ${baseUrl}`,
    '  Some answers are slow, some fail, and now and then it asks callers to wait.',
    '',
    ...CALL.map(line => (line === '' ? '' : `    ${paint('cyan', line)}`)),
    '',
    '',
  ].join('\n')
}

/** The counts of the summary. Keeps only the failures, because the values are in the file. */
class DemoTally {
  ok = 0
  retries = 0
  /** Accurate to a tenth of a second, the interval of progress reports. */
  pausedMs = 0
  readonly failures: FailedOutcome[] = []
  #notedAtMs = performance.now()

  add(outcome: Outcome<Repository>): void {
    if (outcome.ok) this.ok++
    else this.failures.push(outcome)
  }

  note({ retries, pausedHosts }: Progress): void {
    const nowMs = performance.now()
    if (pausedHosts.length > 0) this.pausedMs += nowMs - this.#notedAtMs
    this.#notedAtMs = nowMs
    this.retries = retries
  }
}

/**
 * Counts Ctrl-C. The first one stops the stream (in the call itself), which lets requests in flight finish. The second
 * one, or one before there is a stream, ends the process.
 */
class DemoInterrupts {
  running = false
  count = 0

  constructor() {
    // Stays registered for the second Ctrl-C. It also keeps log-update, which restores the cursor, from ending the
    // process at the first one.
    process.on('SIGINT', this.#count)
  }

  readonly #count = (): void => {
    this.count++
    if (!this.running || this.count > 1) process.exit(130)
  }

  close(): void {
    process.off('SIGINT', this.#count)
  }
}
