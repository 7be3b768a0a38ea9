/** With `--items`, a row of an output is an item: one for each item of a response, and one for each failure. */
import { byItem } from '../../sinks/item-rows.ts'
import type { Sink } from '../../index.ts'

export interface Rows {
  readonly sink: Sink
  /** Whether there were responses, and none of them had a list of items. */
  readonly isMissed: () => boolean
}

/** @param whole takes the rows */
export function itemRows(whole: Sink): Rows {
  const rows = byItem(whole)
  let responses = 0
  let lists = 0
  return {
    sink: {
      write(outcome) {
        if (!outcome.ok) return rows.write(outcome)
        responses++
        // Null has no items, and so no row.
        if (outcome.items === undefined) return undefined
        lists++
        return rows.write(outcome)
      },
      close: () => rows.close(),
    },
    isMissed: () => responses > 0 && lists === 0,
  }
}
