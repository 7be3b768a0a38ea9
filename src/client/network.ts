/** What a process may have set for all of its connections: a worker thread starts without it. */
import type { NetworkDefaults } from './sync-messages.ts'
import { getDefaultResultOrder, setDefaultResultOrder } from 'node:dns'
import {
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from 'node:net'

export function networkDefaults(): NetworkDefaults {
  return {
    lookupOrder: getDefaultResultOrder(),
    autoSelectFamily: getDefaultAutoSelectFamily(),
    autoSelectFamilyTimeoutMs: getDefaultAutoSelectFamilyAttemptTimeout(),
  }
}

export function useNetwork({ lookupOrder, autoSelectFamily, autoSelectFamilyTimeoutMs }: NetworkDefaults): void {
  setDefaultResultOrder(lookupOrder)
  setDefaultAutoSelectFamily(autoSelectFamily)
  setDefaultAutoSelectFamilyAttemptTimeout(autoSelectFamilyTimeoutMs)
}
