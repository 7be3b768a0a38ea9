/** The lane has closed for a time: those who do not wait that long leave. */
import type { Queue } from './queue.ts'
import { refusalOf } from '../policy/refusal.ts'

export function dismiss(queue: Queue, nowMs: number, epochMs: number): void {
  const { lane } = queue
  const untilMs = lane.pause.firmUntilMs
  const isPatient = untilMs - nowMs <= queue.leastPatienceMs && untilMs <= queue.earliestDeadlineMs
  if (isPatient && lane.quota?.isFirm(nowMs) !== true && lane.breaker?.refusesUntilMs(nowMs) === undefined) return
  const refused = queue.refuse(({ call }) => refusalOf(lane, call, nowMs, epochMs))
  for (const [waiter, fault] of refused) waiter.admit(fault)
}
