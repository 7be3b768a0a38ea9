/** Says how far a plan has read its input, on standard error: ten million rows take their time, and a pipe may wait. */
import { canDraw } from '../progress.ts'
import { messageRecord } from '../records.ts'
import type { DisplayPlan } from '../run-plan.ts'

export interface Counting {
  /** So many have been read. */
  show(count: number): void
  /** Takes back what may be taken back. */
  done(): void
}

const DRAW_EVERY_MS = 1_000
const LINE_EVERY_MS = 5_000
const CLEAR = '\r\u001b[K'

/** Nothing in the first moments: most plans are done by then. */
export function counting(how: DisplayPlan['progress'], stream: NodeJS.WriteStream, clock: { now(): number }): Counting {
  if (how === 'none') return { show: () => undefined, done: () => undefined }
  const isDrawn = how === 'shown' && canDraw(stream)
  const everyMs = isDrawn ? DRAW_EVERY_MS : LINE_EVERY_MS
  let saidAtMs = clock.now()
  let isOpen = false
  return {
    show(count) {
      if (clock.now() - saidAtMs < everyMs) return
      saidAtMs = clock.now()
      const text = `reading the input: ${count} requests so far`
      if (how === 'json') stream.write(messageRecord('message', text))
      else stream.write(isDrawn ? `${CLEAR}  ${text}` : `preq: ${text}\n`)
      isOpen = isDrawn
    },
    done() {
      if (isOpen) stream.write(CLEAR)
    },
  }
}
