/**
 * Writes outcomes from a stream to a sink. Many rows are open at once, because a sink batches them. A slow sink slows
 * the stream down (back-pressure). The sink is closed in every case.
 */
import { codeOf, isUnsent } from '../core/unsent-outcome.ts'
import { isRowError } from '../core/sink.ts'
import type { Outcome, Sink } from '../index.ts'

/** Of an outcome with items, each counts. */
const MAX_OPEN_ROWS = 1_000

export interface PumpParts {
  readonly outcomes: AsyncIterable<Outcome>
  readonly sink: Sink
  /** Called with each outcome. */
  readonly note: (outcome: Outcome) => void
  /** Called if the sink could not write one outcome; the run continues. */
  readonly unwritten: (error: Error) => void
  /** Called if the sink has failed, so that no more requests should be sent. */
  readonly stop: () => void
  /** Asked after each outcome: a promise that must resolve before the next one is taken. */
  readonly room?: (() => Promise<void> | undefined) | undefined
}

/** Requests that were not sent or were abandoned get no line; the summary counts them. */
const isGivenUp = (outcome: Outcome): boolean => isUnsent(outcome) || codeOf(outcome)?.startsWith('aborted/') === true

/** Rejects with the error of the sink or of the input. */
export async function pump({ outcomes, sink, note, unwritten, stop, room }: PumpParts): Promise<void> {
  let open = 0
  let broken: { readonly error: unknown } | undefined
  let wake: (() => void) | undefined
  const fail = (error: unknown): void => {
    if (isRowError(error)) return unwritten(error)
    if (broken === undefined) stop()
    broken ??= { error }
  }
  const ended = (rows: number): void => {
    open -= rows
    wake?.()
  }
  const written = (): void => ended(1)
  const failed = (rows: number, error: unknown): void => {
    fail(error)
    ended(rows)
  }
  const refused = (error: unknown): void => failed(1, error)
  try {
    for await (const outcome of outcomes) {
      note(outcome)
      const isFull = room?.()
      if (isFull !== undefined) await isFull
      // Requests in flight still end and are counted, but their results cannot be written.
      if (broken !== undefined || isGivenUp(outcome)) continue
      try {
        const write = sink.write(outcome)
        if (write === undefined) continue
        const rows = outcome.ok ? (outcome.items?.length ?? 1) : 1
        open += rows
        // Two functions for all rows: this runs for each of a million.
        if (rows === 1) write.then(written, refused)
        else
          write.then(
            () => ended(rows),
            (error: unknown) => failed(rows, error),
          )
      } catch (error) {
        fail(error)
      }
      if (open >= MAX_OPEN_ROWS) await new Promise<void>(resolve => (wake = resolve))
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
