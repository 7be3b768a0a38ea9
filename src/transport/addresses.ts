/**
 * Where a client's connections may go: the names of its hosts → addresses, through the caller's `lookup` or the
 * system's, and with `blockPrivateAddresses` none but public ones.
 *
 * What has been checked is what is connected to: `net.connect` gets the addresses from here, one by one or all of them.
 * For an address in a URL Node asks no look-up; that is refused before anything is opened.
 */
import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import type { LookupFunction, Socket } from 'node:net'
import type { Attempt } from '../core/attempt.ts'
import { specialRangeOf } from './address.ts'
import type { LookupInput } from '../core/options.ts'
import type { Clock } from '../core/ports.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import { FaultError } from './faults.ts'
import { lookupFault } from './lookup-faults.ts'
import { systemNames } from './lookup.ts'
import type { Answer, Waiter } from './lookup.ts'
import { ownNames } from './own-lookup.ts'

/** Finds the addresses of a name. Never answers before it has returned. */
interface Finder {
  find(hostname: string, options: LookupOptions, answer: Answer): Waiter
  forget?(hostname: string): void
}

export interface AddressParts {
  readonly clock: Clock
  /** The caller's; undefined for the system's. */
  readonly lookup: LookupInput | undefined
  readonly publicOnly: boolean
}

export class Addresses {
  /** For connections to origins. */
  readonly lookup: LookupFunction
  /** For those to the caller's own choice, such as a proxy: any address will do. */
  readonly lookupAny: LookupFunction
  readonly #finder: Finder
  readonly #isOwn: boolean
  readonly #publicOnly: boolean
  /** Whom the connection that is being opened right now waits for. */
  #pending: { readonly hostname: string; readonly waiter: Waiter } | undefined

  constructor({ clock, lookup, publicOnly }: AddressParts) {
    this.#finder = lookup === undefined ? systemNames(clock) : ownNames(lookup)
    this.#isOwn = lookup !== undefined
    this.#publicOnly = publicOnly
    this.lookup = this.#lookup(publicOnly)
    this.lookupAny = publicOnly ? this.#lookup(false) : this.lookup
  }

  /** Opens a connection with one of the look-ups above; one that is closed meanwhile waits for its name no longer. */
  follow(connect: () => Socket): Socket {
    this.#pending = undefined
    const socket = connect()
    // Node asks for the name before `connect` returns.
    const pending = this.#pending as { hostname: string; waiter: Waiter } | undefined
    this.#pending = undefined
    if (pending === undefined) return socket
    socket.once('close', () => pending.waiter.leave())
    socket.once('error', () => {
      if (socket.connecting || socket.bytesRead === 0) this.#finder.forget?.(pending.hostname)
    })
    return socket
  }

  /**
   * Whether the attempt may go where it is bound: undefined when it may. To be asked for every attempt, before a
   * connection is taken. Of one that takes a proxy the name is looked up here, too: what the proxy makes of it nobody
   * can know, but what is private here is refused, and what has no address here.
   */
  refusal({ call, proxy }: Attempt): Fault | Promise<Fault | undefined> | undefined {
    if (!this.#publicOnly) return undefined
    const hostname = hostnameOf(call.origin)
    if (isIP(hostname) !== 0) return privateFault(hostname, [{ address: hostname }])
    return proxy === undefined ? undefined : this.#check(hostname)
  }

  #check(hostname: string): Promise<Fault | undefined> {
    return new Promise(resolve => {
      this.#finder.find(hostname, {}, (error, addresses) => resolve(this.#faultOf(hostname, error, addresses, true)))
    })
  }

  #faultOf(
    hostname: string,
    error: unknown,
    addresses: readonly LookupAddress[],
    publicOnly: boolean,
  ): Fault | undefined {
    if (error !== null) return lookupFault(error, this.#isOwn)
    if (addresses.length === 0) return fault('dns/empty', 'the host name has no address')
    return publicOnly ? privateFault(hostname, addresses) : undefined
  }

  #lookup(publicOnly: boolean): LookupFunction {
    return (hostname, options, callback) => {
      const waiter = this.#finder.find(hostname, options, (error, addresses) => {
        const refused = this.#faultOf(hostname, error, addresses, publicOnly)
        if (refused !== undefined) return callback(new FaultError(refused), [])
        const [first] = addresses as [LookupAddress]
        if (options.all === true) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      })
      this.#pending = { hostname, waiter }
    }
  }
}

/** One private address among several is enough: a name that mixes them is not to be trusted with any. */
function privateFault(hostname: string, addresses: readonly { readonly address: string }[]): Fault | undefined {
  for (const { address } of addresses) {
    const range = specialRangeOf(address)
    if (range === undefined) continue
    const subject = address === hostname ? address : `${hostname} has the address ${address}, which`
    return fault('blocked/address', `${subject} is not public (${range}). Set blockPrivateAddresses: false to allow it`)
  }
  return undefined
}

/** Without the brackets of an IPv6 address. `new URL` has written the origin: every form of an address is plain there. */
function hostnameOf(origin: string): string {
  const host = origin.slice(origin.indexOf('//') + 2)
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'))
  const colonAt = host.lastIndexOf(':')
  return colonAt === -1 ? host : host.slice(0, colonAt)
}
