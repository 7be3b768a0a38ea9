/** The caller's functions around each attempt. */
import { funcOf } from '../functions.ts'
import { fields, matching } from '../kinds.ts'
import { option } from '../option.ts'
import { isTelemetry } from '../shapes.ts'
import type { HookPlan } from '../../core/call.ts'

export const HOOK_OPTIONS = {
  hooks: option({
    scope: 'any',
    read: fields({
      beforeRequest: funcOf<NonNullable<HookPlan['beforeRequest']>>(),
      afterResponse: funcOf<NonNullable<HookPlan['afterResponse']>>(),
      beforeRetry: funcOf<NonNullable<HookPlan['beforeRetry']>>(),
      afterAttempt: funcOf<NonNullable<HookPlan['afterAttempt']>>(),
    }),
    default: {},
    defaultText: 'none',
    crosses: 'ask',
    doc: '`beforeRequest`, `afterResponse`, `beforeRetry`, `afterAttempt`: your functions around each attempt.',
  }),
  telemetry: option({
    scope: 'client',
    read: matching(
      'an object with start() and end()',
      isTelemetry,
      "Give otel() of 'parallel-requests/otel', or an object with these functions.",
    ),
    defaultText: 'none',
    // Events of a worker thread are sent to the calling thread.
    crosses: 'drop',
    doc: 'Receives the events of batches, requests and attempts: `otel()` of `parallel-requests/otel`, or a custom object.',
  }),
}
