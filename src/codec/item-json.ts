/** Text of an item → its JSON value, or a Fault that names the place. */
import { jsonErrorPosition } from './json-position.ts'
import { parseAnswer } from '../core/exact-json.ts'
import { isDeeperThan } from '../core/json-depth.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { Words } from '../core/words.ts'

const PREFIX_LENGTH = 200

/**
 * @param whereOf returns `line 7`
 * @param note what else the message says
 */
export function itemJson(text: string, whereOf: () => string, maxDepth: number, note = ''): { value: unknown } | Fault {
  let value: unknown
  try {
    value = parseAnswer(text)
  } catch {
    // Without the cause: its message quotes the text, perhaps with control characters.
    const shown = JSON.stringify(text.slice(0, PREFIX_LENGTH))
    const found = `got something else at position ${jsonErrorPosition(text)}`
    return fault('parse/json', `${whereOf()}: expected JSON, ${found}${note}: ${shown}`, { sent: true })
  }
  return isDeeperThan(maxDepth, text) ? tooDeep(whereOf(), maxDepth) : { value }
}

function tooDeep(where: string, maxDepth: number): Fault {
  const message: Words = [
    `${where}: expected JSON nested at most ${maxDepth} levels deep, got more. Raise `,
    { option: 'maxJsonDepth' },
    ' if that is intended',
  ]
  return fault('parse/too_deep', message, { sent: true })
}

/** Only white space of JSON (RFC 8259 §2). */
export const isBlank = (text: string): boolean => /^[\t\n\r ]*$/.test(text)
