/**
 * An outcome with `items` becomes one row for each of them. The value of a row is the item, and its id that of the page
 * with the position of the item: `#0/1[3]`. So a row has the same id in every run of the same input, and another one than
 * every other row.
 */
import { isThenable } from '../core/callback.ts'
import type { OkOutcome, Outcome } from '../core/outcome.ts'
import type { Sink } from '../core/sink.ts'

/** The row of one item. */
export interface ItemRow extends OkOutcome<unknown> {
  /** The position of the item in its page, from 0. */
  readonly item: number
}

/** The position of the item in its page; undefined for the row of a whole outcome. */
export const itemNumberOf = (row: Outcome | ItemRow): number | undefined => ('item' in row ? row.item : undefined)

/** A page without items has no row. */
export function* itemRowsOf(page: OkOutcome<unknown>, items: readonly unknown[]): Generator<ItemRow> {
  const { items: _, ...common } = page
  for (const [item, value] of items.entries()) {
    yield { ...common, id: `${page.id}[${item}]`, parent: page.id, value, item }
  }
}

/** Writes the items of an outcome as rows, and every other outcome as it is. */
export function byItem(sink: Sink): Sink {
  return {
    write: outcome =>
      outcome.ok && outcome.items !== undefined ? writeAll(sink, outcome, outcome.items) : sink.write(outcome),
    close: () => sink.close(),
  }
}

/** A row that cannot be written keeps no other row of its page from being written. */
async function writeAll(sink: Sink, page: OkOutcome<unknown>, items: readonly unknown[]): Promise<void> {
  const writes = new Set<Promise<void>>()
  let refused: { readonly error: unknown } | undefined
  for (const row of itemRowsOf(page, items)) {
    try {
      const write = sink.write(row)
      // Rows that are written together share one promise.
      if (isThenable(write)) writes.add(write)
    } catch (error) {
      refused ??= { error }
    }
  }
  const failed = (await Promise.allSettled(writes)).find(one => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  if (refused !== undefined) throw refused.error
}
