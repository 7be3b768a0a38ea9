/** The caller's `lookup`. It is called for every new connection, because only it knows how long its answer is valid. */
import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import type { LookupInput } from '../core/options.ts'
import { fault } from '../core/result.ts'
import { FaultError } from './faults.ts'
import type { LookupCallback, LookupWaiter } from './lookup.ts'
import { isThenable } from '../core/callback.ts'

export function ownNames(lookup: LookupInput): {
  find(hostname: string, options: LookupOptions, answer: LookupCallback): LookupWaiter
} {
  return {
    find(hostname, options, answer) {
      let done = false
      const end = (error: unknown, given?: unknown): void => {
        if (done) return
        done = true
        let failed: unknown = error ?? null
        let addresses: readonly LookupAddress[] = []
        try {
          if (failed === null) addresses = addressesOf(given)
        } catch (wrong) {
          failed = wrong
        }
        // Node emits `lookup` when it is answered, and its listeners are added only after the connection was started.
        process.nextTick(() => answer(failed, addresses))
      }
      try {
        const promised = lookup(hostname, { ...options, all: true }, end)
        if (isThenable(promised))
          promised.then(
            given => end(null, given),
            (error: unknown) => end(error),
          )
      } catch (error) {
        end(error ?? new Error('thrown without a reason'))
      }
      return { leave: () => void (done = true) }
    },
  }
}

/** One address or several, each a string or an object with an address. */
export function addressesOf(given: unknown): readonly LookupAddress[] {
  return (Array.isArray(given) ? (given as unknown[]) : [given]).map(one => {
    const address: unknown = typeof one === 'object' && one !== null ? (one as { address?: unknown }).address : one
    const family = typeof address === 'string' ? isIP(address) : 0
    if (family === 0) {
      const shown = typeof address === 'string' ? JSON.stringify(address.slice(0, 80)) : typeof address
      const message = `lookup: expected an address or an array of them, got ${shown}. Answer as dns.lookup of Node does`
      throw new FaultError(fault('callback/lookup', message))
    }
    return { address: address as string, family }
  })
}
