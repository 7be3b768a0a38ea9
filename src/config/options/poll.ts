/** The option of jobs: how a server's work is followed until it is done. */
import { duration, fields, got, isPlain, problem, withFields } from '../kinds.ts'
import type { Read } from '../kinds.ts'
import { literalOf } from '../literal.ts'
import { option, part } from '../option.ts'
import { readPath } from '../paginate-input.ts'
import type { Values } from '../table.ts'
import { formatDuration } from '../../core/duration.ts'
import type { PollPlan } from '../../core/poll.ts'
import type { Problem } from '../../core/problem.ts'
import type { Words } from '../../core/words.ts'

type Match = PollPlan['done']

/** What APIs call a job that is done, and one that has failed. Documented at `PollInput`. */
export const DONE = ['succeeded', 'success', 'successful', 'completed', 'complete', 'done', 'finished']
export const FAILED = ['failed', 'failure', 'error', 'errored', 'canceled', 'cancelled', 'aborted', 'expired']

const isWord = (value: unknown): value is string | number | boolean =>
  typeof value === 'boolean' || typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')

const readMatch: Read<Match> = (value, name, problems) => {
  if (typeof value === 'function') return value as Match & (() => unknown)
  const words: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (words.length > 0 && words.every(isWord)) return words.map(word => String(word).trim().toLowerCase())
  problems.push(
    problem(name, 'a status, a list of them, or a function of the status', got(value), "Write it as 'succeeded'."),
  )
  return undefined
}

const POLL = { interval: '2s', deadline: '10m' }

const readFields = fields({
  status: readPath,
  done: readMatch,
  failed: readMatch,
  interval: duration({ zero: true, shortest: 100 }),
  deadline: duration({ shortest: 100 }),
  url: readPath,
  result: readPath,
})

type PollFields = NonNullable<ReturnType<typeof readFields>>

/** The fields of `true` are empty. */
const readPoll = withFields<false | PollFields>(readFields.fields, (value, name, problems) => {
  if (typeof value === 'boolean') return value ? {} : false
  if (isPlain(value)) return readFields(value, name, problems)
  const expected = 'true, false or an object with status, done, failed, interval, deadline, url, result'
  problems.push(problem(name, expected, got(value), 'Write true to follow a 202.'))
  return undefined
})

export const POLL_OPTIONS = {
  poll: option({
    scope: 'any',
    plan: 'part',
    perSpec: true,
    read: readPoll,
    default: false,
    defaultText: `\`false\`; fields \`${literalOf(POLL)}\``,
    merge: 'byName',
    // `true` of a request keeps the fields of the options.
    join: (under, over) => (under === false || over === false ? over : { ...under, ...over }),
    crosses: 'ask',
    doc: 'Poll an asynchronous job until it is done: after a 202, or by the `status` in its responses (`done`, `failed`), every `interval` for at most `deadline`. The value is the last response, or the response of the URL at `result`.',
    fieldDocs: {
      status: 'Where a response has the status of the job: a JMESPath expression.',
      done: 'Status of a job that is done.',
      failed: 'Status of a job that has failed.',
      interval: 'The wait between two requests for the status of a job; 0 for none.',
      deadline: 'How long a job may take, from its first response.',
      url: 'Where the first response has the URL of the status: a JMESPath expression.',
      result: 'Where the last response has the URL of the result: a JMESPath expression.',
    },
  }),
}

const DEFAULT = readFields(POLL, 'poll', []) as { readonly interval: number; readonly deadline: number }
export const POLL_DEADLINE_MS = DEFAULT.deadline

export const CALL_POLL = { poll: part(['poll'], planPoll) }

function planPoll({ poll = false }: Values): PollPlan | undefined {
  if (poll === false) return undefined
  const { status, done, failed, interval, deadline, url, result } = { ...DEFAULT, ...poll }
  return {
    status,
    done: done ?? without(DONE, failed),
    // A function of the whole value decides alone.
    failed: failed ?? (status === undefined && done !== undefined ? [] : without(FAILED, done)),
    intervalMs: interval,
    deadlineMs: deadline,
    url,
    result,
  }
}

/** The usual words, without those that the caller has given another meaning. */
const without = (words: readonly string[], given: Match | undefined): readonly string[] =>
  words.filter(word => typeof given !== 'object' || !given.includes(word))

/** Checks the fields together, after those of a call and a request have been merged with those of its client. */
export function checkPoll({ poll }: Pick<Values, 'poll'>, problems: Problem[]): void {
  if (poll === undefined || poll === false) return
  const { status, done, failed, interval, deadline } = { ...DEFAULT, ...poll }
  const lone = typeof done !== 'function' && status === undefined ? (done && 'done') || (failed && 'failed') : undefined
  if (lone !== undefined) {
    const remedy = 'Name the member of the response that has the status.'
    problems.push(problem(`poll.${lone}`, ['', { option: 'poll.status' }, ' beside it'], 'none', remedy))
  }
  const both = Array.isArray(done) && Array.isArray(failed) ? done.find(word => failed.includes(word)) : undefined
  if (both !== undefined) {
    const expected: Words = ['other statuses than ', { option: 'poll.done' }]
    problems.push(problem('poll.failed', expected, got(both), 'Leave it out of one of them.'))
  }
  if (interval < deadline) return
  const expected: Words = [
    'a time shorter than ',
    { option: 'poll.deadline' },
    `, which is ${formatDuration(deadline)}`,
  ]
  problems.push(problem('poll.interval', expected, formatDuration(interval), 'Change one of them.'))
}
