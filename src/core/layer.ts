/**
 * A layer takes the Send below it and returns a Send that wraps it.
 *
 * The `retry` layer is the type boundary: layers above it get a Call (once per request), layers below it an Attempt
 * (once per attempt). A gate above retry, or a redirect layer below it, does not compile.
 */
import type { Attempt } from './attempt.ts'
import type { Call } from './call.ts'
import type { Result } from './result.ts'

export type Send<In, Out> = (input: In) => Promise<Out>
export type Layer<In, InnerIn = In> = (next: Send<InnerIn, Result>) => Send<In, Result>
export type CallLayer = Layer<Call>
export type AttemptLayer = Layer<Attempt>
export type RetryLayer = Layer<Call, Attempt>

/** Composes the layers once per client, outermost first. Nothing is composed per request. */
export function stack(
  outer: readonly CallLayer[],
  retry: RetryLayer,
  inner: readonly AttemptLayer[],
  wire: Send<Attempt, Result>,
): Send<Call, Result> {
  const attempts = inner.reduceRight<Send<Attempt, Result>>((next, layer) => layer(next), wire)
  return outer.reduceRight<Send<Call, Result>>((next, layer) => layer(next), retry(attempts))
}
