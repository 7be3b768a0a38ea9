/**
 * Plays every row of the catalogue of hostile servers. `page` writes the results into docs/hostile-servers.md; `matrix`
 * plays the rows with every way to send and every destination of a response.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pageOf } from '../test/support/hostile/page.ts'
import type { Line } from '../test/support/hostile/page.ts'

const PAGE = 'docs/hostile-servers.md'
/** How a test marks the rows that it plays: those of a section, or one of its own. */
const PLAYING = /\b(?:proves\(url|covers\(import\.meta\.url)/

const play = (files: readonly string[], env: Readonly<Record<string, string>>): number =>
  spawnSync('vitest', ['run', ...files], { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1

function writePage(): number {
  const playing = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'))
    .map(name => join('test', name))
    .filter(path => PLAYING.test(readFileSync(path, 'utf8')))
  // The command line is tested as it is shipped.
  if (spawnSync('npm', ['run', 'build', '--silent'], { stdio: 'inherit' }).status !== 0) return 1
  const folder = mkdtempSync(join(tmpdir(), 'hostile-page-'))
  const status = play(playing, { HOSTILE_OBSERVED: folder })
  const lines = readdirSync(folder).map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Line)
  rmSync(folder, { recursive: true })
  if (status === 0) writeFileSync(PAGE, pageOf(lines))
  else console.error(`${PAGE}: not written, because a row did not end as it should.`)
  return status
}

const [, , what] = process.argv
if (what === 'page') process.exitCode = writePage()
else if (what === 'matrix') {
  process.exitCode = play(['test/hostile/', '--no-file-parallelism', '--maxConcurrency=2'], {
    HOSTILE_WAYS: 'plain,sliced,tls,connect',
    HOSTILE_INTO: 'buffered,file,slow',
    FIGURES: '1',
  })
} else {
  console.error('usage: node scripts/hostile.ts page|matrix')
  process.exitCode = 2
}
