/**
 * Two servers of one scenario: the host of the victim and another origin. Both answer a path of /polite/<token> with
 * the token; the victim's path, /victim/<token>…, meets the steps. Everything received is in the ledger of
 * `raw-server`, with monotonic stamps.
 */
import { faultProxy } from '../fault-proxy.ts'
import type { FaultProxy } from '../fault-proxy.ts'
import { rawServer } from '../raw-server.ts'
import type { Connection, RawServer, RawServerOptions, Script } from '../raw-server.ts'
import { perform } from './steps.ts'
import type { Steps } from './steps.ts'

export interface HostsOptions extends RawServerOptions {
  /** Between the client and both servers stands a proxy that cuts everything into slices. */
  readonly sliced?: boolean
  readonly plays: readonly Steps[]
  readonly early?: boolean | undefined
  readonly onConnect?: boolean | undefined
}

/** Polite answers take a moment, so that they are on their way while the fault strikes. */
const POLITE_MS = 25
/** Small, and no divisor of anything. */
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

  /** Where the client finds it: the server itself, or the proxy in front of it. */
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

  /** From now on the host answers everybody. */
  heal(): void {
    this.#onConnect = false
  }

  /** Requests of the victim that came, whole or begun, over both servers. */
  get victims(): number {
    return this.#all.reduce((sum, { text }) => sum + text.split(`/victim/${this.token}`).length - 1, 0)
  }

  /** The connection that brought this text, the last one of several. */
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
