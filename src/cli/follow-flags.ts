/** The flags of follow-ups: items of a response, and how much is followed. Rows of the flag table (flags.ts). */
import { setting } from './flag.ts'
import { asGiven, number } from './flag-readers.ts'

export const FOLLOW_FLAGS = {
  items: setting('Follow-ups', 'PATH', 'items', asGiven, {
    doc: "one row for each item of the list at PATH, as JMESPath: 'data.results'; '@' is the whole body",
    common: true,
    more: 'Every output gets a row per item, and --select applies to each item. In a response without such a list, null has no items, and anything else fails. The run file of --resume holds whole responses.',
  }),
  'max-items': setting('Follow-ups', 'N', 'maxItems', number),
  'max-pages': setting('Follow-ups', 'N', 'maxPages', number),
  'max-depth': setting('Follow-ups', 'N', 'maxDepth', number),
} as const
