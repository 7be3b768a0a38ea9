/** The options of bodies that are sequences of items: `returnType: 'ndjson'` and `'sse'`. */
import { funcOf } from '../functions.ts'
import { problem, size } from '../kinds.ts'
import { option } from '../option.ts'
import type { CallPlan } from '../../core/call.ts'
import { isItems } from '../../core/passed-on.ts'
import type { Problem } from '../../core/problem.ts'
import type { RequestSpec, ReturnTypeName } from '../../core/spec.ts'

export const ITEMS_IN_SYNC = {
  expected: "no returnType 'ndjson' or 'sse'",
  remedy: 'Items cannot be delivered while the thread is blocked.',
}

export const ITEM_OPTIONS = {
  onItem: option({
    scope: 'call',
    read: funcOf<NonNullable<CallPlan['onItem']>>(),
    crosses: 'drop',
    inSync: () => ITEMS_IN_SYNC,
    doc: "With `returnType: 'ndjson'` and `'sse'`: called with each item of the body, one call at a time.",
  }),
  maxItemBytes: option({
    scope: 'any',
    read: size,
    default: '16MiB',
    crosses: 'plain',
    unit: 'bytes',
    doc: "With `returnType: 'ndjson'` and `'sse'`: maximum size of a line or event; `Infinity` for no limit.",
  }),
}

const NO_ONCHUNK = problem(
  'returnType',
  "onChunk beside 'stream'",
  'none',
  'Give onChunk: chunk => … in the options, to receive the pieces.',
)
const NO_ONITEM = problem(
  'returnType',
  "onItem beside 'ndjson' and 'sse'",
  'none',
  'Give onItem: item => … in the options, to receive the items.',
)

/** A body that is passed on needs a function that receives it. */
export function noReceiver(
  type: ReturnTypeName | undefined,
  { onChunk, onItem }: Partial<Pick<CallPlan, 'onChunk' | 'onItem'>>,
): Problem | undefined {
  if (type === 'stream' && onChunk === undefined) return NO_ONCHUNK
  return isItems(type) && onItem === undefined ? NO_ONITEM : undefined
}

/** Nothing would call `onItem`. */
export function noItems(type: ReturnTypeName, { onItem }: Partial<Pick<CallPlan, 'onItem'>>): Problem | undefined {
  if (onItem === undefined || isItems(type)) return undefined
  const remedy = 'Name the kind of items in the options; a request may have another return type.'
  return problem('onItem', "returnType 'ndjson' or 'sse' beside it", `'${type}'`, remedy)
}

/** `onItem` is typed by the options, so a request may not change what its items are. */
export function checkItems(spec: RequestSpec, shared: ReturnTypeName, problems: Problem[]): void {
  const type = spec.returnType ?? shared
  if (!isItems(type)) return
  if (spec.schema !== undefined) {
    problems.push(
      problem('schema', 'the schema of items in the options', 'one of a request', 'Put it there, beside onItem.'),
    )
  }
  if (isItems(shared) && type !== shared) {
    problems.push(
      problem('returnType', `'${shared}', as in the options`, `'${type}'`, 'Send these requests in another call.'),
    )
  }
}
