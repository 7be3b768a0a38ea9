/** The options of results: how a body becomes a value, the order and the limits of results, and progress. */
import { funcOf } from '../functions.ts'
import { bool, count, got, isRecord, listOf, matching, oneOf, problem, size, sizeOrNone } from '../kinds.ts'
import { option, part } from '../option.ts'
import { ITEMS_IN_SYNC } from './items.ts'
import { isSink } from '../shapes.ts'
import type { Values } from '../table.ts'
import { isText } from '../texts.ts'
import type { CallPlan } from '../../core/call.ts'
import { MAX_JSON_DEPTH } from '../../core/json-depth.ts'
import { isItems, isPassedOn } from '../../core/passed-on.ts'
import type { Progress } from '../../core/progress.ts'
import type { ReturnTypeName, Schema } from '../../core/spec.ts'
import type { Problem } from '../../core/problem.ts'

const readReturnType = oneOf(['json', 'text', 'content', 'response', 'stream', 'ndjson', 'sse', 'file', 'auto'])

const PIECES_IN_SYNC = {
  expected: "no returnType 'stream'",
  remedy: 'Pieces cannot be delivered while the thread is blocked.',
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
    doc: "`'throw'` rejects with one error for the batch, `'null'` gives null for each failure, `'settle'` gives an outcome for every request.",
  }),
  returnType: option({
    scope: 'call',
    perSpec: true,
    read: readReturnType,
    default: 'json',
    crosses: 'plain',
    inSync: type => (type === 'stream' ? PIECES_IN_SYNC : isItems(type) ? ITEMS_IN_SYNC : undefined),
    doc: "`'json'` parses the body, `'text'` decodes it, `'content'` gives its bytes, `'response'` the whole response, `'stream'` passes it to `onChunk` in pieces, `'ndjson'` passes its lines and `'sse'` its events to `onItem`, `'file'` saves it, `'auto'` gives JSON, else text, else bytes.",
  }),
  schema: option({
    scope: 'call',
    perSpec: true,
    read: matching(
      'a Standard Schema (zod, valibot, arktype …)',
      (value): value is Schema =>
        (isRecord(value) || typeof value === 'function') &&
        typeof (value as { '~standard'?: { validate?: unknown } })['~standard']?.validate === 'function',
      'Give the schema itself; a function goes into parseFunc.',
    ),
    crosses: 'drop',
    doc: "Checks and types the value, with `'json'` and `'text'`; or each item, with `'ndjson'` and `'sse'`.",
  }),
  parseFunc: option({
    scope: 'call',
    perSpec: true,
    read: funcOf<NonNullable<CallPlan['parseFunc']>>(),
    crosses: 'drop',
    doc: 'Makes the value from the parsed body, after the schema has checked it; may be async.',
  }),
  order: option({
    scope: 'call',
    plan: 'batch',
    only: 'stream',
    read: oneOf(['completed', 'input']),
    default: 'completed',
    crosses: 'drop',
    doc: "Outcomes as they finish (`'completed'`) or in the order of the input (`'input'`).",
  }),
  window: option({
    scope: 'call',
    plan: 'batch',
    read: count(1),
    defaultText: 'max(4 × concurrency, 256)',
    crosses: 'plain',
    unit: 'requests',
    doc: 'The maximum number of requests that are read from a lazy input before their results are delivered; limits memory.',
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
    doc: 'Returns true if a status counts as a success.',
  }),
  maxResponseBytes: option({
    scope: 'any',
    perSpec: true,
    plan: 'part',
    read: size,
    default: '64MiB',
    crosses: 'plain',
    unit: 'bytes',
    doc: 'Maximum size of a response body, after decompression.',
  }),
  maxJsonDepth: option({
    scope: 'any',
    read: count(1),
    default: MAX_JSON_DEPTH,
    crosses: 'plain',
    unit: 'levels',
    doc: 'Maximum nesting of a JSON response, in levels; `Infinity` for no limit.',
  }),
  maxErrorBody: option({
    scope: 'any',
    read: sizeOrNone,
    default: '2KiB',
    crosses: 'plain',
    unit: 'bytes',
    doc: 'How much of the body of an error response is kept in `error.body`, outputs and the run file, with secrets redacted; 0 for none.',
  }),
  strictIntegrity: option({
    scope: 'any',
    read: bool,
    default: false,
    crosses: 'plain',
    doc: 'Fail with `truncated/unverified` if the end of a body is marked only by the end of the connection.',
  }),
  contentCoding: option({
    scope: 'any',
    read: oneOf(['strict', 'lenient', 'raw']),
    default: 'strict',
    crosses: 'plain',
    doc: "How compressed bodies are decoded: `'strict'` fails if one cannot be decoded, `'lenient'` delivers it as received with a warning, `'raw'` decodes none.",
  }),
  onChunk: option({
    scope: 'any',
    read: funcOf<NonNullable<CallPlan['onChunk']>>(),
    crosses: 'drop',
    inSync: () => PIECES_IN_SYNC,
    doc: "With `returnType: 'stream'`: called with each decoded piece of the body; the next piece waits until it is done.",
  }),
  maxFailures: option({
    scope: 'any',
    plan: 'batch',
    read: count(1),
    default: Infinity,
    crosses: 'plain',
    unit: 'failures',
    doc: 'Stop the run after this many failures, not counting restored ones.',
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
    doc: 'Aborts the run, which then ends within 100 ms.',
  }),
  progress: option({
    scope: 'any',
    plan: 'batch',
    read: bool,
    default: false,
    crosses: 'drop',
    inSync: shown =>
      shown
        ? { expected: 'onProgress, because the calling thread waits', remedy: 'Give a function that prints it.' }
        : undefined,
    doc: 'Show the progress on standard error: a bar on a terminal, elsewhere a line every five seconds.',
  }),
  onProgress: option({
    scope: 'any',
    plan: 'batch',
    read: funcOf<(progress: Progress) => void>(),
    crosses: 'ask',
    doc: 'Called with the progress of the run, at most ten times a second.',
  }),
}

export function checkResults({ schema, returnType, keys }: Values, problems: Problem[]): void {
  if (schema !== undefined && returnType !== undefined) checkSchema(returnType, problems)
  if (keys !== undefined && new Set(keys).size !== keys.length) {
    const repeated = keys.find((key, index) => keys.indexOf(key) !== index)
    problems.push(problem('keys', 'names that differ', `${got(repeated)} twice`, 'Give each request its own.'))
  }
}

export function checkSchema(returnType: ReturnTypeName, problems: Problem[]): void {
  if (returnType === 'json' || returnType === 'text' || isItems(returnType)) return
  problems.push(problem('schema', "returnType 'json' or 'text' beside it", `'${returnType}'`, 'Use parseFunc instead.'))
}

/** Bodies that are not collected may have any length, and take any time, unless the caller says otherwise. */
export const isStreamed = ({ returnType }: Values): boolean => isPassedOn(returnType)

export const CALL_RESULTS = {
  maxResponseBytes: part(
    ['maxResponseBytes', 'returnType'],
    (values: Values): number =>
      values.maxResponseBytes ?? (isStreamed(values) ? Infinity : RESULT_OPTIONS.maxResponseBytes.default),
  ),
}
