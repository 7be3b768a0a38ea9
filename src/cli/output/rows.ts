/**
 * Which rows an outcome makes in the outputs. With `--items`, a row is an item. With `--then`, rows are those of the last
 * stage. A failure is one row, wherever it happens.
 */
import type { OutputPlan } from '../run-plan.ts'
import { placeOf } from './fields.ts'
import { byItem } from '../../sinks/item-rows.ts'
import type { Outcome, Sink } from '../../index.ts'

export interface Rows {
  readonly sink: Sink
  /** Whether there were responses, and none of them had a list of items. */
  readonly isMissed: () => boolean
}

/** @param whole takes the rows */
export function rowsOf(whole: Sink, plan: Pick<OutputPlan, 'stages' | 'isOfItems'>): Rows {
  const rows = byItem(whole)
  let responses = 0
  let lists = 0
  return {
    sink: {
      write(outcome) {
        if (!outcome.ok) return rows.write(outcome)
        if (!isOfLastStage(outcome, plan)) return undefined
        if (!plan.isOfItems) return rows.write(outcome)
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

export const isOfLastStage = (outcome: Outcome, { stages }: Pick<OutputPlan, 'stages'>): boolean =>
  stages === 0 || placeOf(outcome)?.values?.length === stages
