/**
 * The mutable part of a Call, shared by its redirect hops and attempts: one object per layer that writes it, and a few
 * fields of the request itself.
 */
import { CancelSlot } from './cancel-slot.ts'
import type { RequestEvent } from './events.ts'
import type { HeaderList } from './headers.ts'
import type { Page } from './page.ts'
import { printable } from './printable.ts'
import { RetryState } from './retry-state.ts'
import { Stopwatch } from './stopwatch.ts'
import { say } from './words.ts'
import type { Words } from './words.ts'

const MAX_TRIP_WARNINGS = 20
/** The largest integer that V8 keeps without an object on every platform. */
const MAX_SERIAL = 2 ** 30 - 1
let lastSerial = 0

export class Trip {
  /** Distinguishes the requests in flight in this thread; from 1. It starts again after a billion. */
  readonly serial = (lastSerial = lastSerial === MAX_SERIAL ? 1 : lastSerial + 1)
  /** The identity of the request: `Outcome.id`. */
  id = ''
  /** Its fingerprint in the run file; undefined without one. */
  print: string | undefined = undefined
  /** Where it stands among the requests that follow from one another; undefined without follow-ups. */
  page: Page | undefined = undefined
  /** Position in the run's list of open requests; -1 before and after. */
  slot = -1
  /** Whose cookies it uses: a hash of its own credentials; undefined for those of the client. */
  identity: string | undefined = undefined
  /** The headers of the last attempt, if cookies, credentials or a hook added some to those of the call. */
  sentHeaders: HeaderList | undefined = undefined
  warnings: string[] | undefined = undefined
  /** Its event; undefined without a listener. */
  event: RequestEvent | undefined = undefined
  readonly retry: RetryState
  readonly stopwatch: Stopwatch
  readonly cancelSlot = new CancelSlot()

  constructor(retries: number, startedAtMs: number, deadlineMs: number) {
    this.retry = new RetryState(retries)
    this.stopwatch = new Stopwatch(startedAtMs, deadlineMs)
  }

  warn(warning: Words): void {
    this.warnings ??= []
    if (this.warnings.length < MAX_TRIP_WARNINGS) this.warnings.push(printable(say(warning)))
  }
}
