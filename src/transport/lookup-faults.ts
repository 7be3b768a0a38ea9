/**
 * Why a name could not be looked up → Fault. Separate from `faults.ts`, because the same codes mean other things there.
 */
import { reasonOf } from '../core/callback.ts'
import { fault } from '../core/result.ts'
import type { Fault, FaultCode } from '../core/result.ts'
import { FaultError, NO_NETWORK } from './faults.ts'

/** Codes of getaddrinfo and c-ares. Some of them mean a failed connection elsewhere. */
const LOOKUPS: Readonly<Record<string, FaultCode>> = {
  ENOTFOUND: 'dns/not_found',
  ENODATA: 'dns/empty',
  EAI_ADDRFAMILY: 'dns/empty',
  EAI_AGAIN: 'dns/temporary',
  EAI_FAIL: 'dns/temporary',
  EAI_MEMORY: 'dns/temporary',
  ESERVFAIL: 'dns/temporary',
  ETIMEOUT: 'dns/temporary',
  ETIMEDOUT: 'dns/temporary',
  ECONNREFUSED: 'dns/temporary',
  EREFUSED: 'dns/temporary',
  // Denied by Node's permission model, or by Deno's.
  ERR_ACCESS_DENIED: 'blocked/permission',
  EPERM: 'blocked/permission',
  EMFILE: 'resource/fd',
  ENFILE: 'resource/fd',
}

const OF_LOOKUP: Readonly<Record<string, string>> = {
  'dns/not_found': 'the host name does not exist',
  'dns/empty': 'the host name has no address',
  'dns/temporary': 'temporary failure while looking up the host name',
  'blocked/permission': NO_NETWORK,
  'resource/fd': 'this process has no file descriptor left',
}

/**
 * @param own the caller's own `lookup` failed. An error without a code of the table is reported as its mistake.
 */
export function lookupFault(error: unknown, own: boolean): Fault {
  if (error instanceof FaultError) return error.fault
  const { code } = (error ?? {}) as { code?: unknown }
  const known = typeof code === 'string' ? LOOKUPS[code] : undefined
  if (known !== undefined) return fault(known, `${OF_LOOKUP[known]} (${String(code)})`, { cause: error })
  if (own) return fault('callback/lookup', `lookup failed: ${reasonOf(error)}`, { cause: error })
  return fault('dns/failed', `the host name could not be looked up: ${reasonOf(error)}`, { cause: error })
}
