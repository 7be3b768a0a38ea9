/** Loads HTTP/2 with the first request that may use it, so that other programs do not pay for it. */
import type { Http2, Http2Parts } from './h2.ts'
import type { Measured } from './upload.ts'
import { awaited } from '../core/awaited.ts'
import type { Attempt } from '../core/attempt.ts'
import { fault } from '../core/result.ts'
import type { Result } from '../core/result.ts'

export function lateHttp2(parts: Http2Parts): Pick<Http2, 'send'> & { close(): Promise<void> } {
  let loaded: Http2 | undefined
  let loading: Promise<Http2> | undefined
  const load = async (): Promise<Http2> => {
    const { Http2 } = await import('./h2.ts')
    return (loaded = new Http2(parts))
  }
  const afterLoading = async (attempt: Attempt, measured: Measured | undefined): Promise<Result> => {
    let isGivenUp = false
    attempt.abort = () => (isGivenUp = true)
    const http2 = await (loading ??= load())
    if (isGivenUp) return fault('aborted/in_flight', 'aborted before it was sent')
    return new Promise(resolve => http2.send(attempt, resolve, measured))
  }
  return {
    send(attempt, done, measured) {
      if (loaded === undefined) awaited(afterLoading(attempt, measured), done)
      else loaded.send(attempt, done, measured)
    },
    async close() {
      ;(await loading)?.close()
    },
  }
}
