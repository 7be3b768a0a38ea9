/**
 * The part of a plan that is sent to a worker thread: each field by the `crosses` of the options that it was made from.
 * The worker uses its own default for every field that is not sent.
 */
import type { AnyOption, Crossing } from './option.ts'
import { planFields, optionsBehind } from './plan.ts'
import type { PlanName } from './plan.ts'

/** The fields of a plan that are sent. */
export interface SentFields {
  /** The values by name, without functions. */
  readonly values: Readonly<Record<string, unknown>>
  /** The paths of functions that the worker has the calling thread run: `acceptStatus`, `retry.backoff`. */
  readonly asks: readonly string[]
}

export type Found = (...args: readonly unknown[]) => unknown

const defaults = new Map<PlanName, Readonly<Record<string, unknown>>>()

function defaultsOf(plan: PlanName): Readonly<Record<string, unknown>> {
  let known = defaults.get(plan)
  if (known === undefined) defaults.set(plan, (known = planFields(plan, {})))
  return known
}

const crossings = new Map<string, Crossing | undefined>()

/** The strictest rule of the options that the field is made from; undefined for a field that comes from no option. */
function crossingOf(plan: PlanName, field: string): Crossing | undefined {
  const id = `${plan}.${field}`
  if (!crossings.has(id)) crossings.set(id, strictest(optionsBehind(plan, field)))
  return crossings.get(id)
}

function strictest(options: readonly AnyOption[]): Crossing | undefined {
  const all = new Set(options.map(({ crosses }) => crosses))
  return (['drop', 'ask', 'plain'] as const).find(crosses => all.has(crosses))
}

/** The fields that are sent as a copy and differ from those of `base`; without functions. */
export function changedFields(
  plan: PlanName,
  fields: object,
  base: object = defaultsOf(plan),
): Readonly<Record<string, unknown>> {
  const before = base as Readonly<Record<string, unknown>>
  const changed: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(fields)) {
    if (value === before[field] || crossingOf(plan, field) !== 'plain') continue
    changed[field] = mapFunctions(value, field, () => undefined)
  }
  return changed
}

/**
 * The sent form of a plan. A function that is a default is not sent, because the worker has it; of any other function
 * only the path is sent.
 */
export function sentFields(plan: PlanName, fields: object): SentFields {
  const values: Record<string, unknown> = {}
  const asks: string[] = []
  for (const [field, value] of Object.entries(fields)) {
    const crossing = crossingOf(plan, field)
    if (crossing === undefined || crossing === 'drop') continue
    if (typeof value === 'function' && value === defaultsOf(plan)[field]) continue
    values[field] = mapFunctions(value, field, path => {
      if (crossing === 'ask') asks.push(path)
      return undefined
    })
  }
  return { values, asks }
}

/**
 * The plan in the worker: the sent fields over its defaults, with a stand-in at the path of each function that was not
 * sent.
 */
export function receivedFields(
  plan: PlanName,
  { values, asks }: SentFields,
  asking: (path: string) => unknown,
): object {
  let received: unknown = { ...defaultsOf(plan), ...values }
  for (const path of asks) received = withValueAt(received, path.split('.'), asking(path))
  return received as object
}

/** The plan, with each function replaced that runs on the calling thread. */
export function mapAsked<P extends object>(
  plan: PlanName,
  fields: P,
  replace: (path: string, found: Found) => Found,
): P {
  const asked = Object.entries(fields).filter(([field]) => crossingOf(plan, field) === 'ask')
  return {
    ...fields,
    ...Object.fromEntries(asked.map(([field, value]) => [field, mapFunctions(value, field, replace)])),
  }
}

/** The function at a path of a plan. */
export function functionAt(fields: object, path: string): Found {
  let found: unknown = fields
  for (const name of path.split('.')) found = (found as Readonly<Record<string, unknown>>)[name]
  return found as Found
}

/** The fields with this value at the path. Copies the records on the path, because other plans may share them. */
function withValueAt(fields: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value
  const record = fields as Readonly<Record<string, unknown>>
  return { ...record, [name]: withValueAt(record[name], rest, value) }
}

/** The value, with each function in it replaced. */
function mapFunctions(value: unknown, path: string, replace: (path: string, found: Found) => unknown): unknown {
  if (typeof value === 'function') return replace(path, value as Found)
  if (!isPlanRecord(value)) return value
  const entries = Object.entries(value).map(([name, field]): [string, unknown] => [
    name,
    mapFunctions(field, `${path}.${name}`, replace),
  ])
  return Object.fromEntries(entries)
}

/** Whether the value is a record of a plan and not a list, a set or bytes. */
function isPlanRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
