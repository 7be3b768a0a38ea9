/**
 * The two servers of a scenario: the host of the victim, and another origin. Both answer a path of /polite/<token> with
 * the token. The victim's path, /victim/<token>…, gets the steps. `raw-server` records all received bytes with
 * monotonic times.
 */
import { faultProxy } from '../fault-proxy.ts'
import type { FaultProxy } from '../fault-proxy.ts'
import { rawServer } from '../raw-server.ts'
import type { Connection, RawServer, RawServerOptions, Script } from '../raw-server.ts'
import { perform } from './steps.ts'
import type { Steps } from './steps.ts'

export interface HostsOptions extends RawServerOptions {
  /** A proxy between the client and both servers cuts everything into slices. */
  readonly sliced?: boolean
  readonly plays: readonly Steps[]
  readonly early?: boolean | undefined
  readonly onConnect?: boolean | undefined
}

/** Polite answers take a moment, so that they are in flight while the fault happens. */
const POLITE_MS = 25
/** Small, and not a divisor of any length in use. */
const SLICE_BYTES = 7

let lastToken = 0
export const newToken = (): string => `t${++lastToken}x${Math.random().toString(36).slice(2, 10)}`

export class Hosts {
  readonly token = newToken()
  readonly #plays: readonly Steps[]
  readonly #early: boolean
  #onConnect: boolean
  #played = 0
  readonly #paths: FaultProxy[] = []
  #host: RawServer | undefined
  #other: RawServer | undefined

  private constructor({ plays, early = false, onConnect = false }: HostsOptions) {
    this.#plays = plays
    this.#early = early
    this.#onConnect = onConnect
  }

  static async open(options: HostsOptions): Promise<Hosts> {
    const hosts = new Hosts(options)
    hosts.#host = await rawServer(
      hosts.#script(() => hosts.host),
      options,
    )
    hosts.#other = await rawServer(
      hosts.#script(() => hosts.other),
      options,
    )
    if (options.sliced === true) {
      const bytes = { sliceBytes: SLICE_BYTES }
      for (const { port } of [hosts.host, hosts.other]) {
        hosts.#paths.push(await faultProxy(port, { down: bytes, up: bytes }))
      }
    }
    return hosts
  }

  /** The origin that the client uses: the server itself, or the proxy in front of it. */
  originOf(which: 'host' | 'other'): string {
    const server = this[which]
    const path = this.#paths[which === 'host' ? 0 : 1]
    return path === undefined ? server.origin : `http://127.0.0.1:${path.port}`
  }

  get host(): RawServer {
    return this.#host as RawServer
  }

  get other(): RawServer {
    return this.#other as RawServer
  }

  /** From now on the host answers every request. */
  heal(): void {
    this.#onConnect = false
  }

  /** The victim's requests that arrived, complete or not, at both servers. */
  get victims(): number {
    return this.#all.reduce((sum, { text }) => sum + text.split(`/victim/${this.token}`).length - 1, 0)
  }

  /** The last connection that brought this text. */
  connectionWith(text: string): Connection | undefined {
    return this.#all.findLast(connection => connection.text.includes(text))
  }

  get #all(): Connection[] {
    return [...this.host.connections, ...this.other.connections]
  }

  get isQuiet(): boolean {
    return this.#all.every(({ isOpen }) => !isOpen)
  }

  async close(): Promise<void> {
    for (const path of this.#paths) await path.close()
    await this.host.close()
    await this.other.close()
  }

  #script(self: () => RawServer): Script {
    return async connection => {
      if (this.#onConnect && self() === this.host) return this.#play(connection, self())
      for (;;) {
        const head = await connection.head()
        const [, kind, token = ''] = head.path.split(/[/?]/)
        if (kind !== 'victim') {
          await connection.body(head)
          await connection.wait(POLITE_MS)
          await connection.reply(head.method === 'HEAD' ? '' : token)
        } else {
          if (!this.#early) await connection.body(head)
          await this.#play(connection, self())
        }
      }
    }
  }

  async #play(connection: Connection, self: RawServer): Promise<void> {
    const steps = this.#plays[Math.min(this.#played++, this.#plays.length - 1)] as Steps
    const [own, other] = self === this.host ? (['host', 'other'] as const) : (['other', 'host'] as const)
    const origin = this.originOf(own)
    await perform(connection, steps, {
      origin,
      other: this.originOf(other),
      otherPort: new URL(this.originOf(other)).port,
      host: new URL(origin).host,
      token: this.token,
    })
  }
}
