/** What a call gives back: how bodies become values, in which order, how far, and what is told meanwhile. */
import { funcOf } from '../functions.ts'
import { bool, count, got, isRecord, listOf, matching, oneOf, problem, size } from '../kinds.ts'
import { option, part } from '../option.ts'
import { isSink } from '../shapes.ts'
import type { Values } from '../table.ts'
import { isText } from '../texts.ts'
import type { CallPlan } from '../../core/call.ts'
import { MAX_JSON_DEPTH } from '../../core/json-depth.ts'
import type { Progress } from '../../core/progress.ts'
import type { ReturnTypeName, Schema } from '../../core/spec.ts'
import type { Problem } from '../../core/problem.ts'

const readReturnType = oneOf(['json', 'text', 'content', 'response', 'stream', 'file', 'auto'])

const PIECES_IN_SYNC = {
  expected: "no returnType 'stream'",
  remedy: 'The pieces come while the thread is blocked.',
}

export const RESULT_OPTIONS = {
  keys: option({
    scope: 'call',
    plan: 'batch',
    only: 'request',
    read: listOf('strings', isText, 'Turn each into a string.'),
    crosses: 'drop',
    doc: 'One name per URL: the result is an object with exactly these keys.',
  }),
  onFailure: option({
    scope: 'call',
    plan: 'batch',
    only: 'request',
    read: oneOf(['throw', 'null', 'settle']),
    default: 'throw',
    crosses: 'drop',
    doc: 'One error for the batch, `null` in the place of a failure, or outcomes.',
  }),
  returnType: option({
    scope: 'call',
    perSpec: true,
    read: readReturnType,
    default: 'json',
    crosses: 'plain',
    inSync: type => (type === 'stream' ? PIECES_IN_SYNC : undefined),
    doc: 'How a body becomes a value.',
  }),
  schema: option({
    scope: 'call',
    perSpec: true,
    read: matching(
      'a Standard Schema (zod, valibot, arktype …)',
      (value): value is Schema =>
        (isRecord(value) || typeof value === 'function') &&
        typeof (value as { '~standard'?: { validate?: unknown } })['~standard']?.validate === 'function',
      'Give the schema itself; for a function of your own use parseFunc.',
    ),
    crosses: 'drop',
    doc: "Checks and types the value; with `'json'` and `'text'`.",
  }),
  parseFunc: option({
    scope: 'call',
    perSpec: true,
    read: funcOf<NonNullable<CallPlan['parseFunc']>>(),
    crosses: 'drop',
    doc: 'Makes the value from what came; runs after the schema; may be async.',
  }),
  order: option({
    scope: 'call',
    plan: 'batch',
    only: 'stream',
    read: oneOf(['completed', 'input']),
    default: 'completed',
    crosses: 'drop',
    doc: 'As they finish, or as they were given.',
  }),
  window: option({
    scope: 'call',
    plan: 'batch',
    read: count(1),
    defaultText: 'max(4 × concurrency, 256)',
    crosses: 'plain',
    unit: 'requests',
    doc: 'Requests pulled from a lazy input and not yet given back.',
  }),
  sink: option({
    scope: 'call',
    plan: 'batch',
    only: 'drain',
    read: matching('a sink with write() and close()', isSink, "Take one of 'parallel-requests/sinks'."),
    defaultText: 'nowhere: totals only',
    crosses: 'drop',
    doc: 'Where the outcomes of `drain()` go.',
  }),
  acceptStatus: option({
    scope: 'any',
    perSpec: true,
    read: funcOf<CallPlan['acceptStatus']>(),
    default: (status: number) => status >= 200 && status < 300,
    defaultText: '2xx',
    crosses: 'ask',
    doc: 'Which statuses are a success.',
  }),
  maxResponseBytes: option({
    scope: 'any',
    perSpec: true,
    plan: 'part',
    read: size,
    default: '64MiB',
    crosses: 'plain',
    unit: 'bytes',
    doc: 'Largest decoded body.',
  }),
  maxJsonDepth: option({
    scope: 'any',
    read: count(1),
    default: MAX_JSON_DEPTH,
    crosses: 'plain',
    unit: 'levels',
    doc: 'How deep JSON may be nested.',
  }),
  strictIntegrity: option({
    scope: 'any',
    read: bool,
    default: false,
    crosses: 'plain',
    doc: 'Refuse a body whose end only the end of the connection showed: `truncated/unverified`.',
  }),
  contentCoding: option({
    scope: 'any',
    read: oneOf(['strict', 'lenient', 'raw']),
    default: 'strict',
    crosses: 'plain',
    doc: 'Compressed bodies: undone or refused, undone or taken as they came with a warning, or never touched.',
  }),
  onChunk: option({
    scope: 'any',
    read: funcOf<NonNullable<CallPlan['onChunk']>>(),
    crosses: 'drop',
    inSync: () => PIECES_IN_SYNC,
    doc: "With `returnType: 'stream'`: takes each piece of the body, decoded; the next one waits for it.",
  }),
  maxFailures: option({
    scope: 'any',
    plan: 'batch',
    read: count(1),
    default: Infinity,
    crosses: 'plain',
    unit: 'requests',
    doc: 'Stop after this many failures.',
  }),
  signal: option({
    scope: 'any',
    plan: 'batch',
    read: matching(
      'an AbortSignal',
      value => value instanceof AbortSignal,
      'Give controller.signal or AbortSignal.timeout(ms).',
    ),
    crosses: 'drop',
    inSync: () => ({
      expected: 'none',
      remedy: 'Nothing can abort while the thread is blocked. Use timeouts.total.',
    }),
    doc: 'Ends the run within 100 ms.',
  }),
  onProgress: option({
    scope: 'any',
    plan: 'batch',
    read: funcOf<(progress: Progress) => void>(),
    crosses: 'ask',
    doc: 'Told how the run is going, at most ten times a second.',
  }),
}

export const NO_ONCHUNK = problem(
  'returnType',
  "onChunk beside 'stream'",
  'none',
  'Give onChunk: chunk => … in the options, which takes the pieces.',
)

export function checkResults({ schema, returnType, keys }: Values, problems: Problem[]): void {
  if (schema !== undefined && returnType !== undefined) checkSchema(returnType, problems)
  if (keys !== undefined && new Set(keys).size !== keys.length) {
    const repeated = keys.find((key, index) => keys.indexOf(key) !== index)
    problems.push(problem('keys', 'names that differ', `${got(repeated)} twice`, 'Give each request its own.'))
  }
}

export function checkSchema(returnType: ReturnTypeName, problems: Problem[]): void {
  if (returnType === 'json' || returnType === 'text') return
  problems.push(problem('schema', "returnType 'json' or 'text' beside it", `'${returnType}'`, 'Use parseFunc instead.'))
}

/** Bodies that are not collected may have any length, and take any time, unless the caller says otherwise. */
export const isStreamed = ({ returnType }: Values): boolean => returnType === 'stream' || returnType === 'file'

export const CALL_RESULTS = {
  maxResponseBytes: part(
    ['maxResponseBytes', 'returnType'],
    (values: Values): number =>
      values.maxResponseBytes ?? (isStreamed(values) ? Infinity : RESULT_OPTIONS.maxResponseBytes.default),
  ),
}
