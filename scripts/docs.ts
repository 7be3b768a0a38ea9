/**
 * Writes the option table of README.md from the one in `config/options.ts`, between two markers. With `--check` it
 * only says whether that has been done.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { OPTIONS, OPTION_NAMES } from '../src/config/options.ts'
import type { OptionName, OptionRow, Scope } from '../src/config/options.ts'

const START = '<!-- options -->'
const END = '<!-- /options -->'

const PLACES: Readonly<Record<Scope, string>> = { client: 'client', call: 'call', any: 'client, call' }
const ONLY = { stream: 'stream', request: 'call, not stream', drain: 'drain' }

/** The option table as Markdown, in the order of its rows. */
export function optionTable(): string {
  const head = ['| option | default | unit | where | meaning |', '|---|---|---|---|---|']
  return [...head, ...OPTION_NAMES.map(line)].join('\n')
}

/** The README with a fresh table. @throws when a marker is missing */
export function withOptions(readme: string): string {
  const start = readme.indexOf(START)
  const end = readme.indexOf(END)
  if (start === -1 || end < start) throw new Error(`README.md: expected ${START} and ${END} around the option table.`)
  return `${readme.slice(0, start + START.length)}\n\n${optionTable()}\n\n${readme.slice(end)}`
}

function line(name: OptionName): string {
  const row: OptionRow<unknown> = OPTIONS[name]
  const place = `${row.only === undefined ? PLACES[row.scope] : ONLY[row.only]}${row.perSpec ? ', spec' : ''}`
  const cells = [`\`${name}\``, code(row.default), row.unit, place, row.doc]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** Literals of the language as code; words as they are. */
function code(text: string): string {
  return /^(?:'.*'|true|false|\d+)$/.test(text) ? `\`${text}\`` : text
}

if (import.meta.main) {
  const readme = readFileSync('README.md', 'utf8')
  const fresh = withOptions(readme)
  if (!process.argv.includes('--check')) writeFileSync('README.md', fresh)
  else if (fresh !== readme) {
    console.error('README.md: expected the option table of src/config/options.ts, got another. Run `npm run docs`.')
    process.exitCode = 1
  }
}
