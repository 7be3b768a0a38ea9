/** The caller's functions around each attempt. */
import { funcOf } from '../functions.ts'
import { fields } from '../kinds.ts'
import { option } from '../option.ts'
import type { HookPlan } from '../../core/call.ts'

export const HOOK_OPTIONS = {
  hooks: option({
    scope: 'any',
    read: fields({
      beforeRequest: funcOf<NonNullable<HookPlan['beforeRequest']>>(),
      afterResponse: funcOf<NonNullable<HookPlan['afterResponse']>>(),
      beforeRetry: funcOf<NonNullable<HookPlan['beforeRetry']>>(),
    }),
    default: {},
    defaultText: 'none',
    crosses: 'ask',
    doc: '`beforeRequest`, `afterResponse`, `beforeRetry`: your functions around each attempt.',
  }),
}
