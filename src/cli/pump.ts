/**
 * Outcomes from a stream into a sink. Many writes are open at once, because a sink gathers them; a slow sink slows the
 * stream down. Ends with the sink closed, whatever happened.
 */
import { codeOf, isUnsent } from '../core/unsent-outcome.ts'
import { isRowError } from '../core/sink.ts'
import type { Outcome, Sink } from '../index.ts'

const MAX_OPEN_WRITES = 1_000

export interface PumpParts {
  readonly outcomes: AsyncIterable<Outcome>
  readonly sink: Sink
  /** Sees each outcome in passing. */
  readonly note: (outcome: Outcome) => void
  /** The sink could not keep this one; the others go on. */
  readonly unwritten: (error: Error) => void
  /** The sink can take no more: nothing more should be sent. */
  readonly stop: () => void
}

/** Of what was not sent, or given up, there is nothing to write: the run says how many there are. */
const isGivenUp = (outcome: Outcome): boolean => isUnsent(outcome) || codeOf(outcome)?.startsWith('aborted/') === true

/** Rejects with the error of the sink, or of the input. */
export async function pump({ outcomes, sink, note, unwritten, stop }: PumpParts): Promise<void> {
  let open = 0
  let broken: { readonly error: unknown } | undefined
  let wake: (() => void) | undefined
  const fail = (error: unknown): void => {
    if (isRowError(error)) return unwritten(error)
    if (broken === undefined) stop()
    broken ??= { error }
  }
  const settled = (): void => {
    open--
    wake?.()
  }
  const failed = (error: unknown): void => {
    fail(error)
    settled()
  }
  try {
    for await (const outcome of outcomes) {
      note(outcome)
      // What is under way still ends, and what ended is told; there is nowhere to write it.
      if (broken !== undefined || isGivenUp(outcome)) continue
      try {
        const write = sink.write(outcome)
        if (write === undefined) continue
        open++
        write.then(settled, failed)
      } catch (error) {
        fail(error)
      }
      if (open >= MAX_OPEN_WRITES) await new Promise<void>(resolve => (wake = resolve))
    }
  } finally {
    try {
      await sink.close()
    } catch (error) {
      broken ??= { error }
    }
  }
  if (broken !== undefined) throw broken.error
}
