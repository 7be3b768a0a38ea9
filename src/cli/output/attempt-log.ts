/**
 * `--log FILE`: one line of JSON per attempt, written when the attempt ends. An attempt never waits for the file; the run
 * does if too much of the log waits to be written. If writing fails, the run continues and ends with exit code 74.
 */
import { statSync } from 'node:fs'
import { isoTime } from '../../core/iso-time.ts'
import { printable } from '../../core/printable.ts'
import { printableUrl } from '../../core/url.ts'
import { ConfigError } from '../../index.ts'
import type { AttemptEvent, EventKind, Events, Telemetry } from '../../index.ts'
import { Batches } from '../../sinks/batches.ts'
import { openFileOutput } from '../../sinks/file-output.ts'
import type { FileOutput } from '../../sinks/file-output.ts'
import { refusalOf } from '../../sinks/refusal.ts'
import { printableKey, requestIdOf, timingsToTenths, toTenth } from '../../sinks/row.ts'
import { StreamOutput } from '../../sinks/stream-output.ts'
import type { OutputPlan } from '../run-plan.ts'
import { UsageError } from '../usage-error.ts'
import { reasonOf } from '../../core/callback.ts'

const LIMITS = { maxRows: 10_000, maxSize: 1_048_576, delayMs: 0 } as const
/** How much of the log may wait to be written before the run waits for it, in characters. */
const MAX_WAITING = 8_388_608

/** The log as the client sees it: an object that gets the events of its attempts. */
export class AttemptLog implements Telemetry {
  readonly #output: FileOutput | StreamOutput
  readonly #batches: Batches<string>
  #before: string
  /** Characters that are not in the file yet. */
  #waiting = 0
  #last: Promise<void> = Promise.resolve()

  constructor(output: FileOutput | StreamOutput, name: string) {
    this.#output = output
    // An earlier run may have ended in the middle of a line.
    this.#before = output.torn ? '\n' : ''
    this.#batches = new Batches(`--log ${name}`, lines => this.#write(lines.join('')), LIMITS)
  }

  wants(kind: EventKind): boolean {
    return kind === 'attempt'
  }

  start(): void {}

  end<K extends EventKind>(_kind: K, event: Events[K]): void {
    if (!('attempt' in event)) return
    const line = attemptLine(event)
    this.#waiting += line.length
    const written = (): void => void (this.#waiting -= line.length)
    // The batches keep the error for `close`.
    this.#last = this.#batches.add(line, line.length).then(written, written)
  }

  /** A promise for room if the file is slow. The run awaits it before it takes an outcome, so that memory is bounded. */
  room(): Promise<void> | undefined {
    return this.#waiting < MAX_WAITING ? undefined : this.#last
  }

  /** Throws a UsageError if not every line could be written. */
  async close(): Promise<void> {
    await this.#batches.close().catch(() => undefined)
    // The batches say how many lines are in the file, also if it cannot be closed.
    await this.#output.close().catch((error: unknown) => this.#batches.fail(error))
    await this.#batches.close().catch((error: unknown) => {
      throw new UsageError(reasonOf(error), 74)
    })
  }

  /** Leaves what was there before. Called instead of `close`, for a run that was refused. */
  async discard(): Promise<void> {
    await this.#batches.close().catch(() => undefined)
    if ('discard' in this.#output) await this.#output.discard()
  }

  async #write(text: string): Promise<void> {
    await this.#output.write(Buffer.from(this.#before + text))
    this.#before = ''
  }
}

/** Throws a UsageError if the file cannot be written. Undefined without `--log`. */
export function openAttemptLog({ log, overwrite, resume }: OutputPlan): AttemptLog | undefined {
  if (log === undefined) return undefined
  if (log === '-') {
    const onStdout: AttemptLog = new AttemptLog(
      new StreamOutput('--log', process.stdout, () => undefined),
      'standard output',
    )
    return onStdout
  }
  try {
    return new AttemptLog(openFileOutput('--log', log, { overwrite, append: resume }), log)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw refusalOfLog(log, error)
  }
}

function refusalOfLog(path: string, error: ConfigError): UsageError {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true && isTaken(error)) {
    const { cannot, because } = refusalOf(path, { code: 'EEXIST' }, `--log ${path}`)
    return new UsageError({
      cannot,
      because,
      remedy: 'Add --overwrite to replace it, or --resume to add to it, or write to another file.',
    })
  }
  const [said = error.message] = error.problems
  return new UsageError(said.replace(/^cannot write /, 'cannot write --log '), 74)
}

const isTaken = ({ problems }: ConfigError): boolean => problems.some(said => said.includes('(EEXIST)'))

/** The fields of the event, with the time as text and figures to a tenth of a millisecond. */
function attemptLine(event: AttemptEvent): string {
  const { attempt, method, startedAt, delay, status, code, timings, bytes, protocol, reused, hop } = event
  const line = {
    id: requestIdOf(event),
    index: event.index,
    key: printableKey(event),
    attempt,
    at: isoTime(startedAt),
    delay: toTenth(delay),
    method,
    url: printableUrl(event.url),
    status,
    code,
    timings: timings && timingsToTenths(timings),
    bytes,
    protocol,
    reused,
    hop,
  }
  // JSON does not escape all characters that a terminal would act on.
  return `${printable(JSON.stringify(line))}\n`
}
