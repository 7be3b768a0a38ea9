/** The metrics of a worker, in the text format of Prometheus. */
import type { Broker } from './broker.ts'
import type { LiveCounts } from './live-counts.ts'
import type { BatchWorker } from './work.ts'
import type { WorkerBatch } from './workers.ts'
import { exposition, joined } from '../probe/prometheus.ts'
import type { Durations } from '../probe/durations.ts'
import type { LoopLag } from '../probe/loop-lag.ts'
import type { Family, Sample } from '../probe/prometheus.ts'
import { PACKAGE_VERSION } from '../../core/version.ts'

/** What is not there by then is left out: a scrape ends after 10 s. */
const REDIS_MS = 3_000

export interface MetricsParts {
  readonly broker: Broker
  readonly worker: BatchWorker
  readonly durations: Durations
  readonly lag: LoopLag
}

export async function metricsText({ broker, worker, durations, lag }: MetricsParts): Promise<string> {
  const names = [...worker.counts.keys()]
  const open = worker.batches().map(({ batch }) => batch)
  const [queues, readded] = await Promise.all([
    soon(Promise.all(open.map(name => broker.queue(name).exportPrometheusMetrics())), []),
    soon(Promise.all(names.map(async name => [name, await broker.countReadded(name)] as const)), []),
  ])
  const own: Family[] = [
    ...families(worker),
    {
      name: 'preq_chunks_readded_total',
      type: 'counter',
      help: 'Chunks that preq reconcile has added again because Redis had lost them, by all processes.',
      samples: readded.map(([batch, value]) => ({ labels: { batch }, value })),
    },
    durations.family(),
    ...lag.families(),
    ...ofProcess(),
  ]
  return exposition(own) + joined(queues)
}

function soon<T>(work: Promise<T>, otherwise: T): Promise<T> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve(otherwise), REDIS_MS)
    work.then(resolve, () => resolve(otherwise)).finally(() => clearTimeout(timer))
  })
}

export function families(worker: Pick<BatchWorker, 'batches' | 'counts' | 'redisAgeMs'>): Family[] {
  const open = worker.batches()
  const of = (value: (one: LiveCounts) => number): Sample[] =>
    [...worker.counts].map(([batch, one]) => ({ labels: { batch }, value: value(one) }))
  const now = (value: (one: WorkerBatch) => number): Sample[] =>
    open.map(one => ({ labels: { batch: one.batch }, value: value(one) }))
  const requests = [...worker.counts].flatMap(([batch, { ok, failed }]) => [
    { labels: { batch, result: 'ok' }, value: ok },
    { labels: { batch, result: 'failed' }, value: failed },
  ])
  const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
    name,
    type: 'counter',
    help,
    samples,
  })
  const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
    name,
    type: 'gauge',
    help,
    samples,
  })
  return [
    gauge('preq_worker_info', 'The version of the worker.', [{ labels: { version: PACKAGE_VERSION }, value: 1 }]),
    counter('preq_requests_total', 'Requests that ended, by result.', requests),
    counter(
      'preq_retries_total',
      'Attempts after the first one of each request.',
      of(one => one.retries),
    ),
    counter(
      'preq_response_bytes_total',
      'Bytes of decoded bodies.',
      of(one => one.bytes),
    ),
    counter(
      'preq_limiter_wait_seconds_total',
      'Time that requests have waited for rates, budgets and pauses, all together.',
      of(one => one.limiterMs / 1_000),
    ),
    counter(
      'preq_stalled_chunks_total',
      'Chunks of other workers that this one found without a sign of life.',
      of(one => one.stalled),
    ),
    gauge(
      'preq_open_chunks',
      'Chunks that are open.',
      now(one => one.chunks),
    ),
    gauge(
      'preq_requests_in_flight',
      'Attempts on the wire.',
      now(one => one.inFlight),
    ),
    gauge('preq_redis_answer_age_seconds', 'Time since Redis has answered.', [{ value: worker.redisAgeMs / 1_000 }]),
  ]
}

/** Under the names that all client libraries use. */
function ofProcess(): Family[] {
  const { user, system } = process.cpuUsage()
  return [
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'User and system CPU time.',
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory.',
      samples: [{ value: process.memoryUsage.rss() }],
    },
  ]
}
