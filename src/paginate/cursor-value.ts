/** A cursor, as a server may send it: what can be sent back, and how two of them are compared. */
import { digitsOf } from '../core/exact-json.ts'
import type { Fault } from '../core/result.ts'
import { shapeOf } from './fields.ts'
import { refuse } from './style.ts'

/** The text of a string or number, for a query. */
export function cursorText(value: unknown, where: string): string | Fault {
  if (typeof value === 'string') return value
  const wrong = numberFault(value, where)
  if (wrong !== undefined) return wrong
  const digits = digitsOf(value)
  if (digits !== undefined) return digits
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return refuse('next', `expected a cursor (a string or a number) at ${where}, got ${shapeOf(value)}`)
}

/** A rounded number is another cursor: it would skip items, or repeat them. Also inside of lists. */
export function numberFault(value: unknown, where: string): Fault | undefined {
  if (Array.isArray(value)) {
    for (const item of value) {
      const wrong = numberFault(item, where)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }
  if (typeof value !== 'number') return undefined
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return undefined
  return refuse(
    'next',
    `the number at ${where} is too large for JavaScript to keep its digits, so it cannot be sent back`,
  )
}
