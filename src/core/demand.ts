/** A run that has more requests to send than it has queued, as the gate sees it. */
import type { Standing } from './standing.ts'

export interface Demand {
  /** Called when there may be room: in this lane, or in any lane if it is undefined. */
  onCapacity(lane: string | undefined, standing: Standing): void
  /** Whether it has a request for a host of this standing that would go if there were a slot. */
  wants(standing: Standing): boolean
  /** Number of requests that it holds back for this lane, or for any lane. */
  backlogOf(lane: string | undefined): number
}
