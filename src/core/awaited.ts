/** Between layers, which use callbacks, and loops, which are async functions. */
import { reasonOf } from './callback.ts'
import type { Done, Send } from './layer.ts'
import { fault } from './result.ts'
import type { Fault, Result } from './result.ts'

/** Passes the result on once it is there. */
export function awaited(result: Promise<Result>, done: Done): void {
  // An error that `done` throws does not belong to this request.
  void result.then(done, (error: unknown) => done(broken(error)))
}

/** Sends, and returns the result as a promise. */
export function resultOf<In>(send: Send<In>, input: In): Promise<Result> {
  return new Promise(resolve => send(input, resolve))
}

/** A bug of ours, or a getter of the caller that throws: it fails one request, never the batch. */
export function broken(cause: unknown): Fault {
  return fault('internal/unknown', `unexpected error: ${reasonOf(cause)}`, { sent: true, cause })
}
