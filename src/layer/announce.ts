/**
 * Reports a request to the recorder of the run just before its first byte can be sent. This layer is inside the gate: a
 * request that still waits has not been sent, and the record must not say that it may have been.
 */
import type { AttemptLayer } from '../core/layer.ts'

export const announce: AttemptLayer = { before: ({ call }) => call.announced?.() }
