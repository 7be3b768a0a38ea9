/**
 * What a process may have set for all of its connections: a worker thread starts without some of it, and with some of
 * Node's other options that are not for it.
 */
import type { NetworkDefaults } from './sync-messages.ts'
import { getDefaultResultOrder, setDefaultResultOrder } from 'node:dns'
import {
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from 'node:net'
import type { WorkerOptions } from 'node:worker_threads'

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

/** Only what changes connections. `--eval` is not for a worker, and a preloaded module may send requests itself. */
const FLAGS = /^--(?:use-system-ca|tls-(?:min|max)-v1\.\d|tls-keylog=.*|insecure-http-parser)$/

/** How a worker thread is started. */
export function threadOptions(): Required<Pick<WorkerOptions, 'execArgv' | 'env'>> {
  return {
    execArgv: process.execArgv.filter(flag => FLAGS.test(flag)),
    env: { ...process.env, NODE_OPTIONS: flagsOf(process.env.NODE_OPTIONS ?? '') },
  }
}

function flagsOf(options: string): string {
  return options
    .split(/\s+/)
    .filter(flag => FLAGS.test(flag))
    .join(' ')
}
