/**
 * Writes what is made from other files: the pages of docs/reference/ and the manual page from the tables of options, flags
 * and error codes, and the script and the style of HTML reports from `src/report/page/`. With `--check` it only says
 * whether that has been done.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { buildSync } from 'esbuild'
import { manualPage } from '../src/cli/manual.ts'
import { errorsPage } from './reference/errors.ts'
import { flagsPage } from './reference/flags.ts'
import { optionsPage } from './reference/options.ts'

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

/** Each file and what makes it. */
const FILES: Readonly<Record<string, () => string>> = {
  'docs/reference/options.md': optionsPage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/flags.md': flagsPage,
  'man/preq.1': manualPage,
  'src/report/page-text.ts': pageText,
}

if (import.meta.main) {
  for (const [path, make] of Object.entries(FILES)) {
    const fresh = make()
    if (!process.argv.includes('--check')) writeFileSync(path, fresh)
    else if (!existsSync(path) || fresh !== readFileSync(path, 'utf8')) {
      console.error(`${path}: expected what it is made from, got another text. Run \`npm run docs\`.`)
      process.exitCode = 1
    }
  }
}
