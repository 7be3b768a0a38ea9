/**
 * A layer wraps the rest of the world: Send in, Send out.
 *
 * `retry` is the type boundary. Above it a layer sees a Call (once per request), below it an Attempt (once per try),
 * so a gate outside retry or a redirect inside it does not compile.
 */
import type { Attempt } from './attempt.ts'
import type { Call } from './call.ts'
import type { Result } from './result.ts'

export type Send<In, Out> = (input: In) => Promise<Out>
export type Layer<In, InnerIn = In> = (next: Send<InnerIn, Result>) => Send<In, Result>
export type CallLayer = Layer<Call>
export type AttemptLayer = Layer<Attempt>
export type RetryLayer = Layer<Call, Attempt>

/** Composes once, outermost first; nothing is composed per request. */
export function stack(
  outer: readonly CallLayer[],
  retry: RetryLayer,
  inner: readonly AttemptLayer[],
  wire: Send<Attempt, Result>,
): Send<Call, Result> {
  const attempts = inner.reduceRight<Send<Attempt, Result>>((next, layer) => layer(next), wire)
  return outer.reduceRight<Send<Call, Result>>((next, layer) => layer(next), retry(attempts))
}
