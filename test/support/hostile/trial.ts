/** One client against the two hosts of a scenario, from opening to the final checks. */
import type { Outcome, ParallelRequests, RequestSpec } from '../../../src/index.ts'
import { TRUST, clientOf, verdictOf } from '../ask.ts'
import type { AskOptions } from '../ask.ts'
import { httpProxy } from '../proxy-server.ts'
import { destination } from './destination.ts'
import type { Destination } from './destination.ts'
import { Hosts, newToken } from './hosts.ts'
import type { Act, Into, Scenario, Spec, Stage, Way } from './scenario.ts'
import { isAct } from './scenario.ts'
import { watchLoop } from './loop.ts'
import type { LoopWatch } from './loop.ts'
import { abortListeners, leaks, strayCount, strays } from './vitals.ts'

/** Sockets, timers and listeners must be gone within this time of `close()`. */
const CLEAN_WITHIN_MS = 1_000
/** Judged only at night and by npm run bench:figures, because a busy machine distorts it. */
const FIGURES = process.env['FIGURES'] === '1'
/** The longest that one turn of the event loop may compute, with all the trials beside this one. */
const BUSY_MS = 150
/** Longer, because modules are loaded meanwhile, from a disk that other processes use as well. */
const ASLEEP_MS = 500

export interface TrialParts {
  readonly row: Scenario | Act
  readonly way: Way
  readonly into: Into
  readonly options?: AskOptions
}

export class Trial implements Stage {
  readonly hosts: Hosts
  readonly client: ParallelRequests
  readonly canary = `C4N4RY${newToken()}`
  readonly #abort = new AbortController()
  readonly #said: unknown[] = []
  readonly #parts: TrialParts
  readonly #strays = strayCount()
  readonly loop: LoopWatch = watchLoop()
  readonly destination: Destination

  private constructor(parts: TrialParts, hosts: Hosts, proxy: string | undefined) {
    this.#parts = parts
    this.hosts = hosts
    const secure = parts.way === 'tls' || parts.way === 'connect'
    this.destination = destination(parts.into)
    this.client = clientOf({
      concurrency: 64,
      ...(secure && TRUST),
      ...(proxy !== undefined && { proxy }),
      ...parts.row.options,
      ...parts.options,
      ...this.destination.options,
    })
  }

  /** Time for the handshakes of forty connections, with both sides in this one process. */
  get slackMs(): number {
    return this.#parts.way === 'plain' ? 0 : 250
  }

  /** Runs `drive`, closes everything, and returns everything that is wrong. */
  static async run(parts: TrialParts, drive: (trial: Trial) => Promise<readonly string[]>): Promise<string[]> {
    const { row, way } = parts
    const secure = way === 'tls' || way === 'connect'
    const hosts = await Hosts.open({
      ...(isAct(row) ? { plays: [] } : { plays: row.plays, early: row.early, onConnect: row.onConnect }),
      ...(secure && { cert: 'server' }),
      sliced: way === 'sliced',
    })
    const proxy = way === 'connect' ? await httpProxy() : undefined
    const trial = new Trial(parts, hosts, proxy?.url)
    try {
      const wrong = await drive(trial)
      await trial.client.close()
      return [...wrong, ...(await trial.#aftermath()), ...trial.#held()]
    } finally {
      trial.loop.stop()
      await trial.client.close()
      await proxy?.close()
      await hosts.close()
      trial.destination.close()
    }
  }

  /** The victim's spec, with secrets in every place that callers use for them. */
  victim(more: Partial<RequestSpec> = {}): Spec {
    const { row } = this.#parts
    const spec = isAct(row) ? {} : row.spec
    return {
      ...this.destination.spec,
      ...spec,
      ...more,
      url: `${this.hosts.originOf('host').replace('://', `://user:${this.canary}@`)}/victim/${this.hosts.token}?api_key=${this.canary}`,
      headers: { 'x-api-key': this.canary, cookie: `session=${this.canary}`, ...(spec?.headers as object) },
    }
  }

  /** A request that must be answered with its `meta`. */
  polite(where: 'host' | 'other'): Spec {
    const meta = newToken()
    return { url: `${this.hosts.originOf(where)}/polite/${meta}`, meta }
  }

  async ask(spec: string | Spec, options: AskOptions = {}): Promise<Outcome> {
    const whole = { returnType: 'text', ...(typeof spec === 'string' ? { url: spec } : spec) }
    const asked = { onFailure: 'settle', signal: this.#abort.signal, ...options }
    const outcome = (await this.client.request(whole as RequestSpec, asked as { onFailure: 'settle' })) as Outcome
    this.#said.push(outcome)
    return outcome
  }

  /** Sends all at once. Throws if an input has no outcome, or more than one. */
  async askAll(specs: readonly Spec[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    const inputs = specs.map(({ url, ...spec }) => ({ returnType: 'text', ...spec, url }) as const)
    for await (const outcome of this.client.stream(inputs, { signal: this.#abort.signal, window: 1_000 })) {
      this.#said.push(outcome)
      if (outcomes[outcome.index] !== undefined) throw new Error(`input ${outcome.index} has a second outcome`)
      outcomes[outcome.index] = outcome
    }
    const missing = specs.findIndex((_, index) => outcomes[index] === undefined)
    if (missing !== -1) throw new Error(`input ${missing} has no outcome`)
    return outcomes
  }

  /** The next polite request must get its own token. */
  async politely(where: 'host' | 'other'): Promise<string[]> {
    const outcome = await this.ask(this.polite(where))
    if (isOwn(outcome)) return []
    return [`the next request to the ${where} ended as ${verdictOf(outcome)} with ${JSON.stringify(outcome.value)}`]
  }

  /** A client that blocks the loop delays every request, even those whose answers have arrived. */
  #held(): string[] {
    const { row } = this.#parts
    const { busyMs, asleepMs } = this.loop.held()
    if (isAct(row) && row.standsStill) return []
    return [
      ...(FIGURES && busyMs > BUSY_MS ? [`one turn of the event loop computed for ${busyMs} ms`] : []),
      ...(FIGURES && asleepMs > ASLEEP_MS ? [`one turn of the event loop slept for ${asleepMs} ms`] : []),
    ]
  }

  /** The checks after `close()`. */
  async #aftermath(): Promise<string[]> {
    const wrong: string[] = []
    const endMs = performance.now() + CLEAN_WITHIN_MS
    const starvedMs = this.loop.starvedMs()
    while (!this.hosts.isQuiet && performance.now() < endMs + this.loop.starvedMs() - starvedMs) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    if (!this.hosts.isQuiet) wrong.push('a connection is open a second after close()')
    const listeners = abortListeners(this.#abort.signal)
    if (listeners > 0) wrong.push(`${listeners} listeners are left on the signal`)
    wrong.push(...this.destination.wrong())
    wrong.push(...leaks(this.canary, this.#said), ...strays(this.#strays))
    const crossed = this.hosts.other.connections.some(({ text }) => text.includes(this.canary))
    if (crossed) wrong.push('a secret of the host was sent to another origin')
    return wrong
  }
}

/** Whether a polite request was answered with its own token. */
export const isOwn = ({ ok, value, request }: Outcome): boolean => ok && value === request.meta
