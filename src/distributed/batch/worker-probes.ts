/** The probes of a worker: `/health` for an orchestrator, `/metrics` for Prometheus. On one port if both have the same. */
import type { Broker } from './broker.ts'
import { healthAnswer } from './worker-health.ts'
import { metricsText } from './worker-metrics.ts'
import type { BatchWorker } from './work.ts'
import { readAddress } from '../probe/address.ts'
import type { ProbeAddress } from '../probe/address.ts'
import type { Durations } from '../probe/durations.ts'
import { LoopLag } from '../probe/loop-lag.ts'
import { METRICS_TYPE } from '../probe/prometheus.ts'
import { serveProbes } from '../probe/server.ts'
import type { ProbeServer, Routes } from '../probe/server.ts'
import { ConfigError } from '../../core/error.ts'

export interface ProbeAddresses {
  readonly health: ProbeAddress | undefined
  readonly metrics: ProbeAddress | undefined
}

/** @param prefix of the names in messages: `--` for flags */
export function readProbes(
  given: { readonly health?: string | undefined; readonly metrics?: string | undefined },
  prefix = '',
): ProbeAddresses {
  const read = (name: 'health' | 'metrics'): ProbeAddress | undefined => {
    const text = given[name]
    if (text === undefined) return undefined
    const address = typeof text === 'string' ? readAddress(text) : undefined
    if (address !== undefined) return address
    throw new ConfigError([
      `${prefix}${name}: expected :PORT or HOST:PORT, got ${JSON.stringify(text)}. Write :9000 for all interfaces, 127.0.0.1:9000 for this machine.`,
    ])
  }
  return { health: read('health'), metrics: read('metrics') }
}

export interface WorkerProbes {
  /** Where they are: `http://127.0.0.1:9000/health`. */
  readonly places: readonly string[]
  close(): Promise<void>
}

export async function openProbes(
  { health, metrics }: ProbeAddresses,
  parts: { readonly broker: Broker; readonly worker: BatchWorker; readonly durations: Durations },
  prefix = '',
): Promise<WorkerProbes> {
  const lag = new LoopLag()
  const ofHealth: Routes = { '/health': () => healthAnswer(parts.worker) }
  const ofMetrics: Routes = {
    '/metrics': async () => ({ status: 200, type: METRICS_TYPE, text: await metricsText({ ...parts, lag }) }),
  }
  const isShared = health !== undefined && metrics !== undefined && isSame(health, metrics)
  const wanted: (readonly [ProbeAddress, Routes, string])[] = isShared
    ? [[health, { ...ofHealth, ...ofMetrics }, 'health']]
    : [
        ...(health === undefined ? [] : [[health, ofHealth, 'health'] as const]),
        ...(metrics === undefined ? [] : [[metrics, ofMetrics, 'metrics'] as const]),
      ]
  const servers: ProbeServer[] = []
  const places: string[] = []
  const close = async (): Promise<void> => {
    lag.close()
    await Promise.all(servers.map(server => server.close()))
  }
  try {
    for (const [address, routes, name] of wanted) {
      const server = await serveProbes(address, routes, `${prefix}${name}`)
      servers.push(server)
      for (const path of Object.keys(routes)) places.push(`http://${hostText(address)}:${server.port}${path}`)
    }
  } catch (error) {
    await close()
    throw error
  }
  return { places, close }
}

const isSame = (a: ProbeAddress, b: ProbeAddress): boolean => a.port !== 0 && a.port === b.port && a.host === b.host

const hostText = ({ host = '*' }: ProbeAddress): string => (host.includes(':') ? `[${host}]` : host)
