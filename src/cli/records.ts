/** Standard error for programs (`--json-progress`): every message is a line of JSON. */
import { printable } from '../core/printable.ts'

/** Reads argv directly, because errors in the flags themselves are also reported as JSON. */
export function isJsonAsked(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  return argv.includes('--json-progress') || ['1', 'true'].includes(env['PREQ_JSON_PROGRESS'] ?? '')
}

export const record = (type: string, fields: object): string => `${printable(JSON.stringify({ type, ...fields }))}\n`

/** `error` is an error that ended the run or prevented it. */
export const messageRecord = (type: 'error' | 'message', text: string): string =>
  record(type, { message: text.replace(/^preq: /, '').trimEnd() })

/** Writes the warnings of Node as records; Node would print them as text. */
export function warnInRecords(write: (text: string) => void): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => write(record('warning', { name, message })))
}
