/** The process of a quarantine: sends the requests that it is told to. If one of them ends it, its worker goes on. */
import { batchLimits } from './batch-limits.ts'
import { ALIVE_MS } from './quarantine-messages.ts'
import type { FromQuarantine, OpenMessage, OverMessage, ToQuarantine, TryMessage } from './quarantine-messages.ts'
import { ChunkRun } from './chunk-run.ts'
import { LiveCounts } from './live-counts.ts'
import type { Manifest } from './manifest.ts'
import { orderOf } from './retries.ts'
import { sinkErrorIn } from './sink-trouble.ts'
import { textOf } from './rows.ts'
import type { Planned } from './work.ts'
import { connectRedis, redisPlace } from '../redis.ts'
import { OpenClient } from '../../client/open-client.ts'
import type { Values } from '../../config/table.ts'
import { reasonOf } from '../../core/callback.ts'

const LOOK_MS = 1_000

export type PlanQuarantined = (manifest: Manifest, env: NodeJS.ProcessEnv, more: unknown) => Planned

export function serveQuarantine(planOf: PlanQuarantined): void {
  let opened: Opened | undefined
  // A terminal sends Ctrl-C to it, too, and the worker decides what follows.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  // The worker is gone.
  process.on('disconnect', () => process.exit(0))
  setInterval(() => say({ kind: 'alive' }), ALIVE_MS)
  setInterval(() => opened?.look(), LOOK_MS)
  process.on('message', (message: ToQuarantine) => {
    switch (message.kind) {
      case 'open':
        return void answer(async () => {
          opened = await openQuarantine(message, planOf)
          return { kind: 'open' }
        })
      case 'try':
        return void answer(async () => {
          const counts = new LiveCounts()
          const { restored = [], parked } = (await opened?.try(message, counts)) ?? {}
          const { ok, failed, retries, bytes, limiterMs } = counts
          return { kind: 'over', counts: { ok, failed, retries, bytes, limiterMs }, restored, parked }
        })
      case 'stop':
      case 'abort':
        return opened?.tell(message.kind)
    }
  })
}

async function answer(work: () => Promise<FromQuarantine>): Promise<void> {
  try {
    say(await work())
  } catch (error) {
    const { code, syscall } = (sinkErrorIn(error) ?? {}) as NodeJS.ErrnoException
    const system = code === undefined || syscall === undefined ? undefined : { code, syscall }
    say({ kind: 'failed', message: reasonOf(error), system })
  }
}

const say = (message: FromQuarantine): void => void process.send?.(message)

async function openQuarantine(given: OpenMessage, planOf: PlanQuarantined): Promise<Opened> {
  const { broker, tls, localShare, manifest, results, more } = given
  const { client, call } = planOf(manifest, process.env, more)
  const redis = await connectRedis(broker, 'broker', { tls })
  const warn = (text: string): void => process.emitWarning(text, 'ParallelRequestsWarning')
  const limits = { redis, place: redisPlace(broker), localShare, say: warn }
  const sharedLimits = await batchLimits(manifest, results, limits)
  return new Opened(given, new OpenClient({ ...client, sharedLimits }), call)
}

class Opened {
  readonly #given: OpenMessage
  readonly #client: OpenClient
  readonly #call: Values
  #run: ChunkRun | undefined
  /** What was said while the rows of a trial were read. */
  #told: 'stop' | 'abort' | undefined

  constructor(given: OpenMessage, client: OpenClient, call: Values) {
    this.#given = given
    this.#client = client
    this.#call = call
  }

  async try(
    { chunk, starts, positions, generation }: TryMessage,
    counts: LiveCounts,
  ): Promise<Pick<OverMessage, 'restored' | 'parked'>> {
    const { manifest, results } = this.#given
    this.#told = undefined
    const text = await textOf(manifest, chunk, undefined, results)
    const only = new Set(positions)
    const order = generation === undefined ? undefined : await orderOf(results, chunk, generation)
    const sender = { client: this.#client, call: this.#call }
    this.#run = new ChunkRun({ ...sender, manifest, results, chunk, text, starts, counts, order, only })
    this.#pass()
    const { restored } = await this.#run.send()
    const { parked } = this.#run
    this.#run = undefined
    return { restored: [...restored.keys()], parked }
  }

  tell(what: 'stop' | 'abort'): void {
    this.#told = what
    this.#pass()
  }

  #pass(): void {
    if (this.#told !== undefined) this.#run?.[this.#told]()
  }

  /** Requests whose host has asked for a long pause must not hold up other chunks. */
  look(): void {
    this.#run?.parkIfIdle()
  }
}
