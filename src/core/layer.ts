/**
 * How a request gets to the wire and back.
 *
 * The `retry` layer is the type boundary: layers above it see a Call (once per request), layers below it an Attempt
 * (once per attempt). A gate above retry, or a redirect layer below it, does not compile.
 *
 * Results are passed to a callback and not through promises: a chain of promises, one per layer, cost more than the
 * layers themselves.
 */
import type { Attempt } from './attempt.ts'
import type { Call } from './call.ts'
import type { Fault, Result } from './result.ts'

/** Takes the result. MUST be called exactly once, and MUST NOT throw. */
export type Done = (result: Result) => void

export type Send<In> = (input: In, done: Done) => void

/** Synchronous, unless something has to be waited for. */
export type Soon<T> = T | Promise<T>

/** Wraps the sending of a request. */
export type CallLayer = (next: Send<Call>) => Send<Call>

export type RetryLayer = (next: Send<Attempt>) => Send<Call>

/** A step of every attempt. Neither function may keep anything of the attempt: its state is in the attempt itself. */
export interface AttemptLayer {
  /** On the way to the wire. A Fault ends the attempt here, and only layers before this one get to see it. */
  readonly before?: (attempt: Attempt) => Soon<Fault | undefined>
  /** On the way back; called once for each attempt that has passed `before`, whatever happened to it. */
  readonly after?: (attempt: Attempt, result: Result) => Soon<Result>
}

/** Composes the layers once per client, outermost first. Nothing is composed per request. */
export function stack(outer: readonly CallLayer[], retry: RetryLayer, attempts: Send<Attempt>): Send<Call> {
  return outer.reduceRight<Send<Call>>((next, layer) => layer(next), retry(attempts))
}
