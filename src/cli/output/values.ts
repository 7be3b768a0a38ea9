/** JSON on standard output or in a file: whole rows, or with `--values` only what each successful request returned. */
import type { FileOptions } from '../../sinks/file-output.ts'
import { byItem } from '../../sinks/item-rows.ts'
import { jsonLineOf, lineValueOf } from '../../sinks/json-lines.ts'
import type { Target } from '../../sinks/output.ts'
import { jsonOf } from '../../sinks/row.ts'
import { TextRows } from '../../sinks/text-rows.ts'
import type { OutputPlan } from '../run-plan.ts'
import { wellFormedJson } from '../../core/well-formed.ts'
import type { Outcome, Sink } from '../../index.ts'

const INDENT = 2

/** @param isPretty whether each row takes several lines, for people */
export function jsonOutput(
  target: Target,
  { isOfValues, responseHeaders }: Pick<OutputPlan, 'isOfValues' | 'responseHeaders'>,
  options: FileOptions = {},
  isPretty = false,
): Sink {
  const indent = isPretty ? INDENT : undefined
  const rowOf = isOfValues
    ? (outcome: Outcome): string => valueLineOf(outcome, indent)
    : (outcome: Outcome): string => jsonLineOf(outcome, responseHeaders, indent)
  return byItem(
    new TextRows('output', target, options, {
      rowOf,
      sizeOf: line => line.length,
      textOf: lines => lines.join(''),
      header: '',
    }),
  )
}

/** A failure has no value, and so no line: the summary and the exit code tell of it. */
function valueLineOf(outcome: Outcome, indent: number | undefined): string {
  if (!outcome.ok) return ''
  return `${wellFormedJson(jsonOf(lineValueOf(outcome).value ?? null, outcome, indent))}\n`
}
