/**
 * THE option table: the groups of `options/`, joined. Validation, plans, what crosses threads, the README's table and
 * `--help` are made from it. A new group is one file and one line in each list here.
 */
import type { AnyOption, OptionRecipient } from './option.ts'
import { BODY_OPTIONS, REQUEST_BODY, checkBodies } from './options/bodies.ts'
import { CLIENT_CONNECTION, CONNECTION_OPTIONS, checkConnection } from './options/connection.ts'
import { COOKIE_OPTIONS, checkCookies } from './options/cookies.ts'
import { CALL_FILES, FILE_OPTIONS } from './options/files.ts'
import { CALL_FOLLOW, FOLLOW_OPTIONS, checkFollow } from './options/follow.ts'
import { HOOK_OPTIONS } from './options/hooks.ts'
import { ITEM_OPTIONS } from './options/items.ts'
import { CALL_LIMITS, CLIENT_LIMITS, LIMIT_OPTIONS, checkLimits } from './options/limits.ts'
import { CALL_POLL, POLL_OPTIONS } from './options/poll.ts'
import { CALL_PROXIES, CLIENT_PROXIES, PROXY_OPTIONS, checkProxies } from './options/proxies.ts'
import { REDIRECT_OPTIONS } from './options/redirects.ts'
import { CALL_SECRETS, REQUEST_OPTIONS, REQUEST_PARTS, checkRequests } from './options/requests.ts'
import { CALL_RESULTS, RESULT_OPTIONS, checkResults } from './options/results.ts'
import { CALL_RETRIES, CLIENT_RETRIES, RETRY_OPTIONS, checkRetries } from './options/retries.ts'
import { BATCH_RUN_FILE, RUN_FILE_OPTIONS, checkRunFile } from './options/run-file.ts'
import { CALL_TIMEOUTS, TIMEOUT_OPTIONS } from './options/timeouts.ts'
import type { Problem } from '../core/problem.ts'

export const OPTIONS = {
  ...LIMIT_OPTIONS,
  ...COOKIE_OPTIONS,
  ...CONNECTION_OPTIONS,
  ...PROXY_OPTIONS,
  ...RESULT_OPTIONS,
  ...RUN_FILE_OPTIONS,
  ...REQUEST_OPTIONS,
  ...BODY_OPTIONS,
  ...TIMEOUT_OPTIONS,
  ...RETRY_OPTIONS,
  ...REDIRECT_OPTIONS,
  ...POLL_OPTIONS,
  ...ITEM_OPTIONS,
  ...FOLLOW_OPTIONS,
  ...FILE_OPTIONS,
  ...HOOK_OPTIONS,
} as const satisfies Record<string, AnyOption>

export type OptionName = keyof typeof OPTIONS

/** Options after reading: only those that were set, each in its normal form. */
export type Values = { readonly [K in OptionName]?: NonNullable<ReturnType<(typeof OPTIONS)[K]['read']>> }

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]

/** Checks that need several options together, or the recipient of the options. */
export const CHECKS: readonly ((values: Values, problems: Problem[], place: OptionRecipient) => void)[] = [
  checkResults,
  checkRetries,
  checkLimits,
  checkRunFile,
  checkConnection,
  checkCookies,
  checkProxies,
  checkRequests,
  checkBodies,
  checkFollow,
]

/** The fields of each plan that are made from options and are not options themselves. */
export const PARTS = {
  client: { ...CLIENT_LIMITS, ...CLIENT_CONNECTION, ...CLIENT_PROXIES, ...CLIENT_RETRIES },
  batch: BATCH_RUN_FILE,
  request: { ...REQUEST_PARTS, ...REQUEST_BODY },
  call: {
    ...CALL_TIMEOUTS,
    ...CALL_RETRIES,
    ...CALL_RESULTS,
    ...CALL_FILES,
    ...CALL_POLL,
    ...CALL_PROXIES,
    ...CALL_LIMITS,
    ...CALL_SECRETS,
    ...CALL_FOLLOW,
  },
}
