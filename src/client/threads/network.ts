/**
 * The network settings of a process that its worker threads do not inherit, and the Node options that they must not
 * inherit.
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

/**
 * Flags that change connections, and no others: `--eval` is not for a worker, and a preloaded module may send requests.
 */
const NETWORK_FLAGS = /^--(?:use-system-ca|tls-(?:min|max)-v1\.\d|tls-keylog=.*|insecure-http-parser)$/

/** Yarn's Plug'n'Play finds and reads packages by hooks; without them a worker cannot even load its own module. */
const LOADERS = /^(?:-r|--require|--import|--loader|--experimental-loader)(?:=|$)/
const PNP_HOOK = /\.pnp\.(?:c?js|loader\.mjs)"?$/

/** The options with which a worker thread is started. */
export function threadOptions(): Required<Pick<WorkerOptions, 'execArgv' | 'env'>> {
  const words = (process.env.NODE_OPTIONS ?? '').match(OPTION_WORD) ?? []
  return {
    execArgv: flagsForThread(process.execArgv),
    env: { ...process.env, NODE_OPTIONS: flagsForThread(words).join(' ') },
  }
}

/** One word of NODE_OPTIONS. Blanks inside double quotes belong to the word. */
const OPTION_WORD = /(?:"(?:\\.|[^"\\])*"|[^\s"])+/g

/** The flags of Node that a worker thread starts with, too. */
export function flagsForThread(flags: readonly string[]): string[] {
  return flags.filter((flag, index) => {
    if (NETWORK_FLAGS.test(flag)) return true
    const before = flags[index - 1] ?? ''
    // `--require hook` and `--require=hook`
    if (LOADERS.test(flag)) return PNP_HOOK.test(flag.includes('=') ? flag : (flags[index + 1] ?? ''))
    return LOADERS.test(before) && !before.includes('=') && PNP_HOOK.test(flag)
  })
}
