/** The caller's stream, or a file, while it is sent as a body. */
import type { Collector } from './collect.ts'
import { UploadError } from './upload.ts'
import { UsedStream } from '../core/body.ts'
import type { Chunks } from '../core/body.ts'
import { reasonOf } from '../core/callback.ts'

/**
 * Yields the chunks. Reports a failure of the stream apart from failures of the wire, whatever the code of the error.
 */
export async function* watchedBody(
  open: () => Chunks,
  collector: Collector,
): AsyncGenerator<Uint8Array | string, void> {
  // Not in the turn in which the request is written: a Dispatcher of undici would end in the middle of its bookkeeping,
  // and an assertion in undici would end the process.
  await Promise.resolve()
  try {
    for await (const chunk of open()) {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
        throw new TypeError(`expected chunks of bytes or text, got a ${typeof chunk}`)
      }
      yield chunk
    }
  } catch (error) {
    if (error instanceof UploadError) collector.onBodyError(error.message, error, error.code)
    else if (error instanceof UsedStream) collector.onBodyError(error.message, error, 'invalid_request/body')
    else collector.onBodyError(`the body could not be read: ${reasonOf(error)}`, error)
    throw error
  }
}
