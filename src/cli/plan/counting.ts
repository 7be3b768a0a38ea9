/** Reports on standard error how much input a plan has read. Ten million rows take a while, and a pipe may stall. */
import { canDraw } from '../../display/line.ts'
import { messageRecord } from '../records.ts'
import type { DisplayPlan } from '../run-plan.ts'

export interface Counting {
  /** Reports the number of requests read so far, at most once a second on a terminal and every 5 s elsewhere. */
  show(count: number): void
  /** Clears the line on a terminal. */
  done(): void
}

const DRAW_EVERY_MS = 1_000
const LINE_EVERY_MS = 5_000
const CLEAR = '\r\u001b[K'

/** Reports nothing during the first interval, because most plans finish within it. */
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
