/**
 * The status of a refused response decides, whatever happened to its body: the server has said no, and its body would
 * only explain that. Directly around the wire, so that cookies, retries and limits see a response.
 */
import type { AttemptLayer } from '../core/layer.ts'
import { isRefused } from '../core/refused.ts'
import { joined } from '../core/words.ts'

export const statusDecides: AttemptLayer = {
  after: ({ call, trip }, result) => {
    if (result.kind === 'reply' || result.begun === undefined) return result
    const { begun, ...known } = result
    if (!isRefused(begun, call.plan)) return known
    trip.warn(joined(`the body of the ${begun.status} is incomplete: `, known.message))
    return { ...begun, isCut: true }
  },
}
