/** Standard error for programs (`--json-progress`): a line of JSON for everything that is said, and nothing else. */
import { printable } from '../core/printable.ts'

/** What is said when a run cannot be planned, too: this must be known before flags are read. */
export function isJsonAsked(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  return argv.includes('--json-progress') || ['1', 'true'].includes(env['PREQ_JSON_PROGRESS'] ?? '')
}

export const record = (type: string, fields: object): string => `${printable(JSON.stringify({ type, ...fields }))}\n`

/** `error` is what ended everything, or kept it from beginning. */
export const messageRecord = (type: 'error' | 'message', text: string): string =>
  record(type, { message: text.replace(/^preq: /, '').trimEnd() })

/** Node prints its warnings as text. */
export function warnInRecords(write: (text: string) => void): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => write(record('warning', { name, message })))
}
