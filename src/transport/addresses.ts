/**
 * The addresses that a client may connect to. Resolves host names with the caller's `lookup` or the system's, and with
 * `blockPrivateAddresses` allows public addresses only.
 *
 * `net.connect` gets its addresses from here, so the checked addresses are the ones that are connected to. Node does
 * not look up an address in a URL; such a request is refused before a connection is opened.
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
import type { LookupCallback, LookupWaiter } from './lookup.ts'
import { ownNames } from './own-lookup.ts'

/** Finds the addresses of a name. MUST NOT call `answer` before it has returned. */
interface Finder {
  find(hostname: string, options: LookupOptions, answer: LookupCallback): LookupWaiter
  forget?(hostname: string): void
}

export interface AddressParts {
  readonly clock: Clock
  /** The caller's lookup; undefined for the system's. */
  readonly lookup: LookupInput | undefined
  readonly publicOnly: boolean
}

export class Addresses {
  /** For connections to origins. */
  readonly lookup: LookupFunction
  /** For connections that the caller chose, such as to a proxy: any address is allowed. */
  readonly lookupAny: LookupFunction
  readonly #finder: Finder
  readonly #isOwn: boolean
  readonly #publicOnly: boolean
  /** The lookup of the connection that is being opened. */
  #pending: { readonly hostname: string; readonly waiter: LookupWaiter } | undefined

  constructor({ clock, lookup, publicOnly }: AddressParts) {
    this.#finder = lookup === undefined ? systemNames(clock) : ownNames(lookup)
    this.#isOwn = lookup !== undefined
    this.#publicOnly = publicOnly
    this.lookup = this.#lookup(publicOnly)
    this.lookupAny = publicOnly ? this.#lookup(false) : this.lookup
  }

  /**
   * Opens a connection with one of the lookups above. A connection that is closed early stops waiting for its name.
   */
  follow(connect: () => Socket): Socket {
    this.#pending = undefined
    const socket = connect()
    // Node starts the lookup before `connect` returns.
    const pending = this.#pending as { hostname: string; waiter: LookupWaiter } | undefined
    this.#pending = undefined
    if (pending === undefined) return socket
    socket.once('close', () => pending.waiter.leave())
    socket.once('error', () => {
      if (socket.connecting || socket.bytesRead === 0) this.#finder.forget?.(pending.hostname)
    })
    return socket
  }

  /**
   * Why the attempt may not go to its host; undefined if it may. To be called for every attempt before it gets a
   * connection. With a proxy, the name is looked up here as well: the proxy may resolve it differently, but a name that
   * is private or unknown here is refused.
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

/** A single private address is enough: a name that mixes private and public addresses is not trusted. */
function privateFault(hostname: string, addresses: readonly { readonly address: string }[]): Fault | undefined {
  for (const { address } of addresses) {
    const range = specialRangeOf(address)
    if (range === undefined) continue
    const subject = address === hostname ? address : `${hostname} has the address ${address}, which`
    return fault('blocked/address', [
      `${subject} is not public (${range}). Set `,
      { option: 'blockPrivateAddresses', value: false },
      ' to allow it',
    ])
  }
  return undefined
}

/** Without the brackets of an IPv6 address. `new URL` has normalised the origin, so addresses have one form only. */
function hostnameOf(origin: string): string {
  const host = origin.slice(origin.indexOf('//') + 2)
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'))
  const colonAt = host.lastIndexOf(':')
  return colonAt === -1 ? host : host.slice(0, colonAt)
}
