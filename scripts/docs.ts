/**
 * Writes what is made from tables: the options of README.md from `config/table.ts`, the flags of docs/cli.md and the
 * manual page from `cli/flags.ts`, and the script and the style of HTML reports from `src/report/page/`. With `--check` it only says whether that has been done.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { buildSync } from 'esbuild'
import { flagTable, manualPage } from '../src/cli/manual.ts'
import { printedDefault } from '../src/config/literal.ts'
import type { AnyOption, Scope } from '../src/config/option.ts'
import { OPTIONS } from '../src/config/table.ts'

const START = '<!-- options -->'
const END = '<!-- /options -->'

const PLACES: Readonly<Record<Scope, string>> = { client: 'client', call: 'call', any: 'client, call' }
const ONLY = { stream: 'stream', request: 'call, not stream', drain: 'drain' }

/** The option table as Markdown, in the order of its entries. */
export function optionTable(options: Readonly<Record<string, AnyOption>> = OPTIONS): string {
  const head = ['| option | default | unit | where | meaning |', '|---|---|---|---|---|']
  return [...head, ...Object.entries(options).map(line)].join('\n')
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

function line([name, option]: readonly [string, AnyOption]): string {
  const place = `${option.only === undefined ? PLACES[option.scope] : ONLY[option.only]}${option.perSpec ? ', spec' : ''}`
  const cells = [`\`${name}\``, printedDefault(option), option.unit, place, option.doc]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** The script and the style of an HTML report, compiled: what runs in a browser has to be text of our own program. */
export function pageText(): string {
  const compiled = (entry: string): string => {
    const { outputFiles } = buildSync({
      entryPoints: [`src/report/page/${entry}`],
      bundle: true,
      minify: true,
      write: false,
      format: 'iife',
      target: ['chrome123', 'firefox120', 'safari17.5'],
      charset: 'ascii',
      legalComments: 'none',
    })
    return (outputFiles[0]?.text ?? '').trim()
  }
  return `/** Made by \`npm run docs\` of src/report/page/: edit the files there. */

export const PAGE_SCRIPT = ${JSON.stringify(compiled('main.ts'))}

export const PAGE_STYLE = ${JSON.stringify(compiled('page.css'))}
`
}

/** Each page and what it should be, given what it is. */
const PAGES: Readonly<Record<string, (now: string) => string>> = {
  'README.md': withOptions,
  'docs/cli.md': now => between('docs/cli.md', now, '<!-- flags -->', '<!-- /flags -->', flagTable()),
  'man/preq.1': manualPage,
  'src/report/page-text.ts': pageText,
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
