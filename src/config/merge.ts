/** Merges values over values, each by the rule of its option: see `Merge`. */
import type { AnyOption } from './option.ts'
import { OPTIONS } from './table.ts'
import type { OptionName, Values } from './table.ts'

/** The options of a client under those of a call, or the options of a call under those of one request. */
export function merge(under: Values, over: Values): Values {
  const merged: Record<string, unknown> = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const before = merged[name]
    merged[name] = before === undefined ? value : mergeValue(OPTIONS[name as OptionName], before, value)
  }
  return merged
}

function mergeValue(option: AnyOption, under: unknown, over: unknown): unknown {
  if (over === undefined) return under
  if (option.merge === 'replace') return over
  if (option.merge === 'add') return [...(under as readonly unknown[]), ...(over as readonly unknown[])]
  return option.join?.(under, over) ?? byName(under, over)
}

/** Merges records by name, nested records too. Any other value replaces the earlier one. */
function byName(under: unknown, over: unknown): unknown {
  if (!isFields(under) || !isFields(over)) return over
  const merged = { ...under }
  for (const [name, value] of Object.entries(over)) {
    if (value !== undefined) merged[name] = byName(merged[name], value)
  }
  return merged
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
