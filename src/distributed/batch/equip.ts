/** A worker with its probes, for the library and the command line. */
import { BatchWorker } from './work.ts'
import type { WorkParts } from './work.ts'
import { openProbes } from './worker-probes.ts'
import type { ProbeAddresses, WorkerProbes } from './worker-probes.ts'
import { Durations } from '../probe/durations.ts'

export interface Equipped {
  readonly worker: BatchWorker
  /** The caller closes them. */
  readonly probes: WorkerProbes
}

/** @param prefix of the names of the probes in messages: `--` for flags */
export async function equip(parts: WorkParts, addresses: ProbeAddresses, prefix = ''): Promise<Equipped> {
  const durations = new Durations()
  const isMeasured = addresses.metrics !== undefined
  const worker = new BatchWorker({ ...parts, ...(isMeasured && { telemetry: durations }) })
  return { worker, probes: await openProbes(addresses, { broker: parts.broker, worker, durations }, prefix) }
}
