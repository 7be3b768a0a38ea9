/** Whether a worker is well, for the probes of an orchestrator. */
import { SILENT_MS } from './pulse.ts'
import type { BatchWorker } from './work.ts'
import type { Answer } from '../probe/server.ts'
import { PACKAGE_VERSION } from '../../core/version.ts'

type Health = 'ok' | 'stopping' | 'redis does not answer'

export function healthOf({ isStopping, redisAgeMs }: Pick<BatchWorker, 'isStopping' | 'redisAgeMs'>): Health {
  if (isStopping) return 'stopping'
  return redisAgeMs > SILENT_MS ? 'redis does not answer' : 'ok'
}

export function healthAnswer(worker: Pick<BatchWorker, 'isStopping' | 'redisAgeMs' | 'batches'>): Answer {
  const status = healthOf(worker)
  const batches = worker.batches()
  const body = {
    status,
    redisAnsweredMsAgo: Math.round(worker.redisAgeMs),
    openChunks: batches.reduce((sum, { chunks }) => sum + chunks, 0),
    batches: batches.map(({ batch }) => batch),
    uptimeMs: Math.round(process.uptime() * 1_000),
    pid: process.pid,
    version: PACKAGE_VERSION,
  }
  return { status: status === 'ok' ? 200 : 503, type: 'application/json', text: `${JSON.stringify(body)}\n` }
}
