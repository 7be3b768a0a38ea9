/** The commands that are printed after failures: to see why each request failed, and to send only some of them again. */
import { adviceFor } from './advice.ts'
import type { Advice, Told } from './advice.ts'
import type { FailureGroup } from './failures.ts'
import { flagOf } from './flags.ts'
import type { FlagName } from './flags.ts'
import { commandWith } from './given-command.ts'
import type { GivenCommand } from './given-command.ts'
import { shellWord } from './shell-word.ts'
import { isReadOnce } from './input/standard-input.ts'
import type { RunPlan } from './run-plan.ts'
import { POLL_DEADLINE_MS } from '../config/options/poll.ts'
import { OPTIONS } from '../config/table.ts'
import { formatDuration } from '../core/duration.ts'

const MAX_STEPS = 4

export interface NextStep {
  readonly why: string
  readonly command: string
}

/** How the run ended. */
export interface Ending {
  /** The largest first. */
  readonly groups: readonly FailureGroup[]
  /** Whether failures are only counted in what is shown. */
  readonly areHidden: boolean
  /** Requests that were not sent. */
  readonly unsent: number
  /** The `--max-retry-after` that would have waited for them; 0 if that would not have helped. */
  readonly waitMs: number
}

export interface NextSteps {
  of(ending: Ending): readonly NextStep[]
  /** The sentence for a run without a run file. Undefined if it has one. */
  readonly remark: string | undefined
}

/** @param runFile from which the run can be resumed; undefined if it has none */
export function nextStepsOf(
  { client, input }: Pick<RunPlan, 'client' | 'input'>,
  { urls, flags }: Pick<GivenCommand, 'urls' | 'flags'>,
  runFile: string | undefined,
): NextSteps {
  const { timeout, timeouts, poll, secretNames } = client
  const limits = { ...OPTIONS.timeouts.default, ...timeouts }
  const told: Told = {
    timeoutMs: timeout ?? OPTIONS.timeout.default,
    connectMs: limits.connect ?? Infinity,
    headersMs: limits.headers ?? Infinity,
    idleMs: limits.idle ?? Infinity,
    totalMs: limits.total ?? Infinity,
    pollMs: (poll !== false && poll?.deadline) || POLL_DEADLINE_MS,
    accept: String(flags.findLast(([name]) => name === 'accept')?.[1] ?? '2xx'),
  }
  const names = secretNames && new Set(secretNames.map(name => name.toLowerCase()))
  const given: GivenCommand = { urls, flags, isPiped: input.files.some(isReadOnce), secretNames: names }
  return {
    remark:
      runFile !== undefined
        ? undefined
        : 'To be able to send only the failures again, start the run with -o FILE.jsonl.',
    of: ending => (runFile === undefined ? [] : stepsOf(ending, given, told, runFile)),
  }
}

interface Step {
  count: number
  readonly why: string
  readonly retry: Set<string>
  readonly flags: Advice['flags']
}

function stepsOf(
  { groups, areHidden, unsent, waitMs }: Ending,
  given: GivenCommand,
  told: Told,
  runFile: string,
): NextStep[] {
  const steps = new Map<string, Step>()
  const expired = groups.filter(({ isExpired }) => isExpired)
  for (const { code, count, retryAtMs, isExpired } of groups) {
    if (isExpired) continue
    const advice = adviceFor(code, told, Math.max(0, retryAtMs - Date.now()))
    if (advice === undefined) continue
    const { why, retry, flags } = advice
    const key = JSON.stringify([why, flags.map(([flag]) => flag)])
    const step = steps.get(key) ?? { count: 0, why, retry: new Set(), flags }
    step.count += count
    if (retry !== undefined) step.retry.add(retry)
    steps.set(key, step)
  }
  const sorted = [...steps.values()].toSorted((a, b) => b.count - a.count).slice(0, MAX_STEPS)
  return [
    ...(areHidden ? [unsent === 0 ? seeAll(given) : readReport(runFile)] : []),
    ...(expired.length > 0
      ? [
          anew(
            expired.reduce((sum, { count }) => sum + count, 0),
            given,
            runFile,
          ),
        ]
      : []),
    ...sorted.map(step => stepLine(step, given)),
    ...(unsent > 0 && waitMs > 0 ? [patient(unsent, waitMs, given)] : []),
  ]
}

/** `--resume` would send the requests that were not sent, so it cannot be used only to look. */
const readReport = (runFile: string): NextStep => ({
  why: 'to see what failed and why; nothing is sent',
  command: `preq report ${shellWord(runFile)}`,
})

/** The same cursor would be refused again, and only a first page leads to another. */
function anew(pages: number, given: GivenCommand, runFile: string): NextStep {
  const which = pages === 1 ? 'a page whose cursor' : `${pages} pages whose cursors`
  const move = `mv ${shellWord(runFile)} ${shellWord(`${runFile}.old`)}`
  const command = commandWith(given, [['resume', true]])
  return {
    why: `to begin at the first pages again, because of ${which} may have expired`,
    command: command.startsWith('preq ') ? `${move} && ${command}` : `${command}, after ${move}`,
  }
}

const seeAll = (given: GivenCommand): NextStep => ({
  why: 'to see every failure with what the server said; nothing is sent',
  command: commandWith(given, [
    ['resume', true],
    ['verbose', true],
  ]),
})

function stepLine({ count, why, retry, flags }: Step, given: GivenCommand): NextStep {
  const codes = [...retry]
  return {
    why: `${why.replace('#', count === 1 ? 'this one' : `these ${count}`)}${codes.length === 0 ? '' : ` (${codes.join(', ')})`}`,
    command: commandWith(given, [
      ['resume', true],
      ...(codes.length === 0 ? [] : [['retry-only', codes.join(',')] as const]),
      ...flags.map(([flag, value]) => [flag, valueOf(flag, value)] as const),
    ]),
  }
}

const valueOf = (flag: FlagName, value: string): string | true => (flagOf(flag).takes === undefined ? true : value)

const patient = (unsent: number, waitMs: number, given: GivenCommand): NextStep => ({
  why: `to wait until the host accepts requests again, and send the ${unsent} that were not sent`,
  command: commandWith(given, [
    ['resume', true],
    ['max-retry-after', formatDuration(Math.ceil(waitMs / 1_000) * 1_000)],
  ]),
})
