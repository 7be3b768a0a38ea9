/**
 * How many chunks a worker hands over to one that has fewer. A worker takes several chunks ahead, so that slow requests of
 * one do not leave it idle. Once the queue is empty, other workers would have nothing to do while chunks wait for it.
 */
import type { WorkerReport } from './workers.ts'

/**
 * Half of the difference to the worker with the fewest chunks of this batch, rounded down: a difference of one stays.
 *
 * @param unfinished chunks of this worker with requests that have not begun
 * @param id of this worker
 * @param workers all that are known
 */
export function surplusOf(unfinished: number, batch: string, id: string, workers: readonly WorkerReport[]): number {
  const others = workers
    .filter(worker => worker.id !== id && worker.state === 'running')
    .flatMap(({ batches }) => batches.filter(one => one.batch === batch))
  if (others.length === 0) return 0
  const fewest = Math.min(...others.map(({ chunks }) => chunks))
  return Math.max(0, Math.floor((unfinished - fewest) / 2))
}
