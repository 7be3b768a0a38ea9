/** Runs every bench, one after the other; the exit code says whether each bound held. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

let status = 0
for (const name of [
  'overhead',
  'layers',
  'rates',
  'strict',
  'gate',
  'hosts',
  'workers',
  'h2',
  'pieces',
  'abort',
  'startup',
  'cli',
]) {
  console.log(`\n${name}`)
  const ran = spawnSync(process.execPath, [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))], {
    stdio: 'inherit',
  })
  if (ran.status !== 0) status = 1
}
console.log('\nfigures')
if (spawnSync(process.execPath, ['scripts/figures.ts'], { stdio: 'inherit' }).status !== 0) status = 1
process.exitCode = status
