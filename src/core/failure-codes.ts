/** Which failures are meant: by code (`timeout/headers`), by class (`timeout`), or by status (`503`, `5xx`). */
import { FAULT_CLASSES } from './result.ts'

/** `true`: all of them. An entry of a list is a class, a code, or `http/5xx`. */
export type MeantFailures = boolean | readonly string[]

const STATUS = /^(?:http\/)?([1-9](?:\d\d|xx))$/
const CODE = /^([a-z_\d]+)(?:\/[a-z_\d]+)?$/

/**
 * An entry of a list in its normal form: `5xx` is `http/5xx`. Undefined if no failure can have it: its class is unknown,
 * or its status is none.
 */
export function failureCode(text: string): string | undefined {
  const lower = text.toLowerCase()
  const status = STATUS.exec(lower)?.[1]
  if (status !== undefined) return `http/${status}`
  const [, of] = CODE.exec(lower) ?? []
  const isKnown = FAULT_CLASSES.some(name => name === of)
  return isKnown && !lower.startsWith('http/') ? lower : undefined
}

/** @param code of a failure; undefined if it is not known */
export function isMeant(meant: MeantFailures, code: string | undefined): boolean {
  if (typeof meant === 'boolean') return meant
  if (code === undefined) return false
  const of = code.slice(0, code.indexOf('/'))
  return meant.some(one => one === code || one === of || (one.endsWith('xx') && code.startsWith(one.slice(0, -2))))
}
