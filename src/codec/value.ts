/**
 * Reply → value: the return type, then the schema, then `parseFunc`. Synchronous unless the schema or `parseFunc` is
 * async.
 */
import { guess } from './auto.ts'
import { parseJson } from './json.ts'
import { mismatch } from './mismatch.ts'
import { compactBytes, fullResponse } from './response.ts'
import { decodeText } from './text.ts'
import type { Call } from '../core/call.ts'
import { isThenable, reasonOf, runCallback } from '../core/callback.ts'
import { isItems } from '../core/passed-on.ts'
import { toHeaders } from '../core/printable-headers.ts'
import type { Clock } from '../core/ports.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply } from '../core/result.ts'
import type { ParseContext, Schema } from '../core/spec.ts'

/** A boxed value, because it may be anything: undefined, a promise, an object that looks like a Fault. */
export interface DecodedValue {
  readonly value: unknown
}

export function decode(reply: Reply, call: Call, clock: Clock): DecodedValue | Fault | Promise<DecodedValue | Fault> {
  const { parseFunc } = call.plan
  const schema = schemaOf(call)
  const read = readAs(reply, call, clock)
  if (isFault(read) || (schema === undefined && parseFunc === undefined)) return read
  const checked = schema === undefined ? read : check(schema, read, reply, call, clock)
  if (parseFunc === undefined) return checked
  return isThenable(checked)
    ? checked.then(value => (isFault(value) ? value : callParseFunc(parseFunc, value, reply, call, clock)))
    : isFault(checked)
      ? checked
      : callParseFunc(parseFunc, checked, reply, call, clock)
}

/** The schema of the value. That of items has checked each of them. */
function schemaOf({ plan }: Call): Schema | undefined {
  return plan.schema === undefined || isItems(plan.returnType) ? undefined : plan.schema
}

function readAs(reply: Reply, call: Call, clock: Clock): DecodedValue | Fault {
  switch (call.plan.returnType) {
    case 'auto':
      return guess(reply, call)
    case 'json':
      return parseJson(reply, call, call.plan.maxJsonDepth)
    case 'text': {
      const { text, warning } = decodeText(reply)
      if (warning !== undefined) call.trip.warn(warning)
      return { value: text }
    }
    case 'content':
      return { value: compactBytes(reply.body) }
    case 'stream':
      return { value: reply.taken?.bytes ?? 0 }
    case 'ndjson':
    case 'sse':
      return { value: reply.taken?.items ?? 0 }
    case 'file':
      // A 304 that the caller accepts: the file that the caller has is current.
      if (reply.status === 304) return { value: null }
      return { value: { path: reply.taken?.path ?? '', bytes: reply.taken?.bytes ?? 0 } }
    case 'response':
      return { value: fullResponse(reply, call, clock.now()) }
  }
}

function check(
  schema: Schema,
  { value }: DecodedValue,
  reply: Reply,
  call: Call,
  clock: Clock,
): DecodedValue | Fault | Promise<DecodedValue | Fault> {
  const threw = (error: unknown): Fault =>
    fault('callback/schema', `the schema threw: ${reasonOf(error)}`, { sent: true, reply, cause: error })
  const answer = runCallback(() => schema['~standard'].validate(value), threw, callbackLimits(call, clock))
  const verdict = (result: Awaited<typeof answer>): DecodedValue | Fault => {
    if (isFault(result)) return result
    if (result.issues === undefined) return { value: result.value }
    return fault('schema/mismatch', mismatch(result.issues, 'the value'), { sent: true, reply, issues: result.issues })
  }
  return isThenable(answer) ? answer.then(verdict) : verdict(answer)
}

function callParseFunc(
  parseFunc: NonNullable<Call['plan']['parseFunc']>,
  { value }: DecodedValue,
  reply: Reply,
  call: Call,
  clock: Clock,
): DecodedValue | Fault | Promise<DecodedValue | Fault> {
  const threw = (error: unknown): Fault =>
    fault('callback/parse', `parseFunc threw: ${reasonOf(error)}`, { sent: true, reply, cause: error })
  const context = new ReplyContext(reply, call)
  // Boxed inside, so that a value that looks like one of our Faults stays a value.
  const answer = runCallback(
    () => {
      const made = parseFunc(value, context)
      // Through a real promise: the `then` of a foreign thenable may return undefined.
      return isThenable(made) ? Promise.resolve(made).then(boxed) : { value: made }
    },
    threw,
    callbackLimits(call, clock),
  )
  return answer
}

/**
 * A class, because V8 makes a hidden class for each object literal with a getter, in old space, where it keeps the reply
 * alive until the next full collection.
 */
class ReplyContext implements ParseContext {
  readonly request: ParseContext['request']
  readonly index: number
  readonly key: string | undefined
  readonly #reply: Reply

  constructor(reply: Reply, { index, key, meta, method, url }: Call) {
    this.request = { method, url, meta }
    this.index = index
    this.key = key
    this.#reply = reply
  }

  get response(): ParseContext['response'] {
    const { headers, status, url } = this.#reply
    return { status, headers: toHeaders(headers), url }
  }
}

const boxed = (value: unknown): DecodedValue => ({ value })

function callbackLimits(call: Call, clock: Clock) {
  return { trip: call.trip, timeoutMs: call.plan.timeouts.callbackMs, clock }
}
