/** The caller's functions around each attempt. */
import { fields, func } from '../kinds.ts'
import { option } from '../option.ts'

export const HOOK_OPTIONS = {
  hooks: option({
    scope: 'any',
    read: fields({ beforeRequest: func, afterResponse: func, beforeRetry: func }),
    crosses: 'ask',
    doc: '`beforeRequest`, `afterResponse`, `beforeRetry`: your functions around each attempt.',
  }),
}
