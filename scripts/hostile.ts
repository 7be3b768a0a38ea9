/**
 * Plays every row of the catalogue of hostile servers. `page` writes what the run saw into docs/hostile-servers.md;
 * `matrix` plays the rows over every way and into everything that a response can go into.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ABSENT } from '../test/hostile/absent.ts'
import { pageOf } from '../test/support/hostile/page.ts'
import type { Line } from '../test/support/hostile/page.ts'

const PAGE = 'docs/hostile-servers.md'
/** How a test elsewhere says that it plays a row. */
const COVERING = 'covers(import.meta.url'

const play = (files: readonly string[], env: Readonly<Record<string, string>>): number =>
  spawnSync('vitest', ['run', ...files], { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1

function writePage(): number {
  const covering = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'))
    .map(name => join('test', name))
    .filter(path => readFileSync(path, 'utf8').includes(COVERING))
  const folder = mkdtempSync(join(tmpdir(), 'hostile-page-'))
  // The page itself is what is about to be written.
  const status = play(['test/hostile/', ...covering], { HOSTILE_OBSERVED: folder })
  const lines = readdirSync(folder).map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Line)
  rmSync(folder, { recursive: true })
  if (status === 0) writeFileSync(PAGE, pageOf(lines, ABSENT))
  else console.error(`${PAGE}: not written, because a row did not end as it should.`)
  return status
}

const [, , what] = process.argv
if (what === 'page') process.exitCode = writePage()
else if (what === 'matrix') {
  process.exitCode = play(['test/hostile/', '--no-file-parallelism'], {
    HOSTILE_WAYS: 'plain,sliced,tls,connect',
    HOSTILE_INTO: 'buffered,file,slow',
  })
} else {
  console.error('usage: node scripts/hostile.ts page|matrix')
  process.exitCode = 2
}
