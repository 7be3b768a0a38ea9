/** The fields that a line of a run file must have, so that a wrong edit by hand is reported precisely. */

/** A JSON object. */
type JsonObject = Readonly<Record<string, unknown>>

interface FieldShape {
  readonly name: string
  readonly expected: string
  readonly fits: (value: unknown) => boolean
  readonly optional?: true
}

const TIME = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/

const isFilledText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const VERSION_FIELD: FieldShape = { name: 'v', expected: '1 or 2', fits: value => value === 1 || value === 2 }
const AT_FIELD: FieldShape = { name: 'at', expected: 'a time as in 2026-01-31T12:00:00.000Z', fits: isTime }

/** Fields of every line about a request. */
const COMMON_FIELDS: readonly FieldShape[] = [
  VERSION_FIELD,
  { name: 'index', expected: 'an integer ≥ 0', fits: isCount },
  { name: 'id', expected: 'a text', fits: isFilledText },
  { name: 'method', expected: 'a text', fits: isFilledText },
  { name: 'url', expected: 'a text', fits: value => typeof value === 'string' },
  AT_FIELD,
]

const PRINT: readonly FieldShape[] = [{ name: 'print', expected: 'a text', fits: isFilledText }]
const SALT_FIELDS: readonly FieldShape[] = [
  VERSION_FIELD,
  { name: 'salt', expected: 'a text', fits: isFilledText },
  AT_FIELD,
]

const INTENT: readonly FieldShape[] = [
  ...COMMON_FIELDS,
  { name: 'idempotencyKey', expected: 'a text', fits: isFilledText, optional: true },
  { name: 'parent', expected: 'a text', fits: isFilledText, optional: true },
  { name: 'sent', expected: 'false', fits: value => value === false, optional: true },
]

const POLL: readonly FieldShape[] = [
  { name: 'v', expected: '2', fits: value => value === 2 },
  { name: 'index', expected: 'an integer ≥ 0', fits: isCount },
  { name: 'id', expected: 'a text', fits: isFilledText },
  { name: 'url', expected: 'a URL', fits: value => typeof value === 'string' && URL.canParse(value), optional: true },
  { name: 'foreign', expected: 'true', fits: value => value === true, optional: true },
  { name: 'operation', expected: 'true', fits: value => value === true, optional: true },
  AT_FIELD,
]

const DONE_FIELDS: readonly FieldShape[] = [
  ...COMMON_FIELDS,
  { name: 'ok', expected: 'true or false', fits: value => typeof value === 'boolean' },
  { name: 'attempts', expected: 'an integer ≥ 0', fits: isCount },
  { name: 'bytes', expected: 'an integer ≥ 0', fits: isCount },
  { name: 'timings', expected: 'an object of milliseconds', fits: isTimings },
  { name: 'key', expected: 'a text', fits: value => typeof value === 'string', optional: true },
  { name: 'parent', expected: 'a text', fits: isFilledText, optional: true },
  { name: 'status', expected: 'an integer from 100 to 999', fits: isStatus, optional: true },
  { name: 'encoding', expected: '"base64"', fits: value => value === 'base64', optional: true },
  { name: 'error', expected: 'an object with the texts code and message', fits: isError, optional: true },
]

/** Why a JSON value is not a valid line; undefined if it is one. */
export function lineProblem(value: unknown): string | undefined {
  if (!isObject(value)) return `it is ${show(value)}, expected an object`
  if (value['intent'] !== undefined) {
    const { intent } = value
    return isObject(intent)
      ? requestProblem(intent, INTENT, 'intent.')
      : `intent: expected an object, got ${show(intent)}`
  }
  if (value['poll'] !== undefined) {
    const { poll } = value
    return isObject(poll) ? requestProblem(poll, POLL, 'poll.') : `poll: expected an object, got ${show(poll)}`
  }
  if (value['salt'] !== undefined) return firstProblem(value, SALT_FIELDS, '')
  const problem = requestProblem(value, DONE_FIELDS, '')
  if (problem !== undefined) return problem
  if (value['ok'] === false && value['error'] === undefined) return 'error: expected one where ok is false, got none'
  if (value['encoding'] === 'base64' && typeof value['value'] !== 'string') {
    return `value: expected a text where encoding is "base64", got ${show(value['value'])}`
  }
  return undefined
}

function requestProblem(fields: JsonObject, shape: readonly FieldShape[], prefix: string): string | undefined {
  return firstProblem(fields, shape, prefix) ?? (fields['v'] === 2 ? firstProblem(fields, PRINT, prefix) : undefined)
}

function firstProblem(fields: JsonObject, shape: readonly FieldShape[], prefix: string): string | undefined {
  for (const { name, expected, fits, optional } of shape) {
    const value = fields[name]
    if (fits(value) || (optional && value === undefined)) continue
    return `${prefix}${name}: expected ${expected}, got ${show(value)}`
  }
  return undefined
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && TIME.test(value)
}

function isTimings(value: unknown): boolean {
  if (!isObject(value)) return false
  for (const name in value) if (typeof value[name] !== 'number') return false
  return true
}

function isStatus(value: unknown): boolean {
  return isCount(value) && (value as number) >= 100 && (value as number) <= 999
}

function isError(value: unknown): boolean {
  return isObject(value) && isFilledText(value['code']) && typeof value['message'] === 'string'
}

/** Shortened, because an edited file may hold anything. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'an object'
  const text = JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
