/** When a lane closes for a time, fails the waiting requests that may not wait that long. */
import type { Queue } from './queue.ts'
import { laneRefusal } from '../policy/refusal.ts'

export function dismiss(queue: Queue, nowMs: number, epochMs: number): void {
  const { lane } = queue
  const untilMs = lane.pause.firmUntilMs
  const isPatient = untilMs - nowMs <= queue.leastPatienceMs && untilMs <= queue.earliestDeadlineMs
  if (isPatient && lane.quota?.isFirm(nowMs) !== true && lane.breaker?.refusesUntilMs(nowMs) === undefined) return
  const refused = queue.refuse(({ call }) => laneRefusal(lane, call, nowMs, epochMs))
  for (const [waiter, fault] of refused) waiter.admit(fault)
}
