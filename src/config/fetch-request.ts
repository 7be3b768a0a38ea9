/**
 * A `Request` of fetch as an item → the spec that sends the same request. Recognised by its tag: other libraries have a
 * class of their own.
 */
import type { FetchRequest, RequestSpec } from '../core/spec.ts'
import { problem } from './kinds.ts'
import type { Mismatch } from '../core/problem.ts'

export const isFetchRequest = (value: object): value is FetchRequest =>
  (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'Request' && 'headers' in value

/** The spec, or the problem if the request cannot be sent as it is. */
export function specOfRequest(request: FetchRequest): RequestSpec | Mismatch {
  const { url, method, headers, body, redirect } = request
  if (request.bodyUsed) return problem('Request', 'a body that has not been read', 'one that has', 'Clone it first.')
  if (request.signal?.aborted === true)
    return problem('Request', 'a signal that is not aborted', 'one that is', 'Leave it out.')
  if (request.integrity !== undefined && request.integrity !== '') {
    return problem('Request', 'no integrity', 'one', "Give checksum, with returnType: 'file'.")
  }
  return {
    url,
    method,
    headers: [...headers],
    ...(body !== null && body !== undefined && { body }),
    // With 'manual' and 'error' the redirect itself is the response.
    ...(redirect !== undefined && redirect !== 'follow' && { followRedirects: false }),
  }
}
