/**
 * Writes what is made from tables: the options of README.md from `config/options.ts`, the flags of docs/cli.md and the
 * manual page from `cli/flags.ts`. With `--check` it only says whether that has been done.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { flagTable, manualPage } from '../src/cli/manual.ts'
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
  return between('README.md', readme, START, END, optionTable())
}

function between(path: string, text: string, from: string, to: string, fresh: string): string {
  const start = text.indexOf(from)
  const end = text.indexOf(to)
  if (start === -1 || end < start) throw new Error(`${path}: expected ${from} and ${to} around the table.`)
  return `${text.slice(0, start + from.length)}\n\n${fresh}\n\n${text.slice(end)}`
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

/** Each page and what it should be, given what it is. */
const PAGES: Readonly<Record<string, (now: string) => string>> = {
  'README.md': withOptions,
  'docs/cli.md': now => between('docs/cli.md', now, '<!-- flags -->', '<!-- /flags -->', flagTable()),
  'man/preq.1': manualPage,
}

if (import.meta.main) {
  for (const [path, page] of Object.entries(PAGES)) {
    const now = readFileSync(path, 'utf8')
    const fresh = page(now)
    if (!process.argv.includes('--check')) writeFileSync(path, fresh)
    else if (fresh !== now) {
      console.error(`${path}: expected what its table in src/ says, got another text. Run \`npm run docs\`.`)
      process.exitCode = 1
    }
  }
}
