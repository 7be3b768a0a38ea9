/**
 * The blocking call: the same client in a worker thread, while the calling thread waits. The caller's functions run on
 * the calling thread.
 */
import { wholeResults } from '../run/results.ts'
import { argumentsOf, inputOf, shapeOutcomes } from '../batch.ts'
import type { OneShotExtra, RequestCall } from '../infer.ts'
import { channels } from '../channels.ts'
import { observers } from '../observers.ts'
import { networkDefaults } from './network.ts'
import { CallingThread } from './sync-caller.ts'
import { runOnThread } from './sync-thread.ts'
import type { BodyPlan } from '../../config/body.ts'
import type { AnyOption } from '../../config/option.ts'
import { isRecord, kindOf, problem } from '../../config/kinds.ts'
import { planClient } from '../../config/client-plan.ts'
import { planBatch } from '../../config/plan.ts'
import { splitValues, tryOptions } from '../../config/read.ts'
import { readMultipart } from '../../config/multipart-input.ts'
import { isFormData } from '../../config/raw-body.ts'
import { FOLDER_IN_SYNC } from '../../config/options/files.ts'
import { PAGES_IN_SYNC } from '../../config/options/follow.ts'
import { OPTIONS } from '../../config/table.ts'
import type { OptionName, Values } from '../../config/table.ts'
import { isMultipart } from '../../core/body.ts'
import type { BodyPart } from '../../core/body.ts'
import { ConfigError } from '../../core/error.ts'
import { isIterable } from '../../engine/source.ts'
import { checkCookieFile } from '../../store/cookie-file.ts'
import type { Problem } from '../../core/problem.ts'

/**
 * `parallelRequests` that blocks until everything is done: for scripts, REPLs and build configurations. The requests go
 * out from a worker thread; `parseFunc`, `schema`, hooks and every other function run on the calling thread and must
 * answer at once: one that returns a promise fails its request with `callback/async`.
 *
 * While it waits, nothing else runs on the calling thread. A server on the same thread can therefore never answer: the
 * request is in a deadlock until its timeout. In a server, or in a process with other work, await `parallelRequests`.
 *
 * Does not accept values that cannot reach another thread: async iterables, `signal`, `transport`, `lookup`, a cookie
 * jar, streams and `FormData` as bodies. Nor does it follow pages: no `follow`, `paginate` or `items`.
 *
 * @throws the errors that `ParallelRequests.request` rejects with, and a ConfigError for a value that it does not
 * accept
 * @example const repos = parallelRequestsSync<Repo>(urls, { concurrency: 5, rateLimit: '10/s' })
 */
export const parallelRequestsSync: RequestCall<OneShotExtra, true> = ((first: unknown, second?: unknown) => {
  const { input, options } = argumentsOf(first, second)
  const { client: clientValues, batch } = splitValues(readValues(input, options))
  const client = planClient(clientValues)
  // Checked here, because an error of the worker would not be a ConfigError.
  if (client.cookieFile !== undefined) checkCookieFile(client.cookieFile)
  const plan = planBatch(clientValues, batch, client.concurrency)
  const shaped = inputOf(input, plan)
  const items = Array.from(shaped.items as Iterable<unknown>)
  refuseUnreachable(items)
  const caller = new CallingThread(items, plan, observers(channels, client.telemetry))
  try {
    runOnThread(caller.order(client, networkDefaults()), caller)
    caller.end()
  } catch (error) {
    caller.end(error)
    throw error
  }
  return shapeOutcomes(wholeResults(caller.outcomes), shaped, plan)
}) as RequestCall<OneShotExtra, true>

/**
 * The values of the options. Throws one error with every mistake and everything that cannot be sent to a worker thread.
 */
function readValues(input: unknown, options: unknown): Values {
  const { values, problems } = tryOptions(options, 'one-shot')
  const all = [...unreachable(input, values), ...problems]
  if (all.length > 0) throw new ConfigError(all)
  return values
}

function unreachable(input: unknown, values: Values): Problem[] {
  const problems: Problem[] = []
  const refuse = (name: string, expected: string, value: unknown, remedy: string): void => {
    problems.push(problem(name, `${expected} in parallelRequestsSync`, kindOf(value), remedy))
  }
  if (isIterable(input) && Symbol.asyncIterator in input && !(Symbol.iterator in input)) {
    refuse(
      'urls',
      'an array or another sync iterable',
      input,
      `Its items come later, and the thread is blocked. ${AWAIT}`,
    )
  }
  for (const [name, value] of Object.entries(values)) {
    const instead = (OPTIONS[name as OptionName] as AnyOption).inSync?.(value)
    if (instead !== undefined) refuse(name, instead.expected, value, `${instead.remedy} ${AWAIT}`)
  }
  const { body, form, multipart } = values
  for (const given of [body, form]) checkBody('body', given?.given, problems)
  if (multipart !== undefined) checkReadParts('multipart', multipart, problems)
  return problems
}

const AWAIT = 'Or await parallelRequests.'

function refuseUnreachable(items: readonly unknown[]): void {
  const problems: Problem[] = []
  for (const [index, item] of items.entries()) {
    if (!isRecord(item) || item instanceof URL) continue
    let given: readonly unknown[] = []
    let parts: unknown
    let saveTo: unknown
    let following: readonly (readonly [name: string, value: unknown])[] = []
    try {
      given = [item.body, item.form]
      parts = item.multipart
      saveTo = item.saveTo
      following = OF_PAGES.map(name => [name, item[name]] as const)
    } catch {
      // An item that cannot be read fails alone, when it is prepared.
    }
    for (const body of given) checkBody(`urls[${index}].body`, body, problems)
    checkParts(`urls[${index}].multipart`, parts, problems)
    if (typeof saveTo === 'function') {
      const expected = `${FOLDER_IN_SYNC.expected} in parallelRequestsSync`
      problems.push(problem(`urls[${index}].saveTo`, expected, 'a function', `${FOLDER_IN_SYNC.remedy} ${AWAIT}`))
    }
    for (const [name, value] of following) {
      if (value === undefined) continue
      const expected = `${PAGES_IN_SYNC.expected} in parallelRequestsSync`
      problems.push(problem(`urls[${index}].${name}`, expected, kindOf(value), `${PAGES_IN_SYNC.remedy} ${AWAIT}`))
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
}

const OF_PAGES = ['follow', 'paginate', 'items'] as const

function checkBody(name: string, body: unknown, problems: Problem[]): void {
  const expected = 'a string, bytes, URLSearchParams or a function that makes one in parallelRequestsSync'
  if (isFormData(body)) {
    problems.push(
      problem(name, expected, 'a FormData', `Its files are read later, and the thread is blocked. ${AWAIT}`),
    )
  } else if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) {
    const remedy = `Its chunks come later, and the thread is blocked. Read it first. ${AWAIT}`
    problems.push(problem(name, expected, 'a stream', remedy))
  }
}

/** The worker reads files on disk; streams and functions belong to this thread. */
function checkReadParts(name: string, { given, body }: BodyPlan, problems: Problem[]): void {
  checkBody(name, given, problems)
  if (!isFormData(given) && isMultipart(body)) checkStreams(name, body.parts, problems)
}

function checkParts(name: string, multipart: unknown, problems: Problem[]): void {
  if (multipart === undefined) return
  checkBody(name, multipart, problems)
  if (!isFormData(multipart)) checkStreams(name, readMultipart(multipart, name, []) ?? [], problems)
}

function checkStreams(name: string, parts: readonly BodyPart[], problems: Problem[]): void {
  for (const { name: field, content } of parts) {
    if (typeof content !== 'object' || !('open' in content)) continue
    const expected = 'a string, bytes, a Blob or a path in parallelRequestsSync'
    const remedy = `Its chunks come later, and the thread is blocked. Give the path of the file. ${AWAIT}`
    problems.push(problem(`${name}.${field}`, expected, 'a stream', remedy))
  }
}
