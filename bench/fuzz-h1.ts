/**
 * Mutated responses, read by our parser and by Node's: `npm run nightly:fuzz`, or `node bench/fuzz-h1.ts 10000000 42` for a
 * number of them and a seed. Prints how often each rule explained a difference. Exits with 1 if none did.
 */
import { fuzz } from '../test/support/h1-fuzz/fuzz.ts'
import { RULES } from '../test/support/h1-fuzz/rules.ts'

const count = Number(process.argv[2] ?? 10_000_000)
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
const ROUND = 1_000_000

const counts = new Map<string, number>()
const add = (name: string, more: number): void => void counts.set(name, (counts.get(name) ?? 0) + more)
const startedAtMs = performance.now()
let done = 0
while (done < count && process.exitCode !== 1) {
  const size = Math.min(ROUND, count - done)
  const { same, explained, unexplained } = fuzz(seed + done / ROUND, size)
  done += size
  add('the same', same)
  for (const [name, times] of explained) add(name, times)
  for (const line of unexplained) console.error(line)
  if (unexplained.length > 0) process.exitCode = 1
  console.log(`${done} of ${count}, seeds from ${seed}`)
}
const seconds = (performance.now() - startedAtMs) / 1_000
for (const [name, times] of counts) console.log(`${String(times).padStart(10)}  ${name}${becauseOf(name)}`)
console.log(`${done} responses in ${seconds.toFixed(0)} s, ${Math.round(done / seconds)} per second`)

function becauseOf(name: string): string {
  const because = RULES.find(rule => rule.name === name)?.because
  return because === undefined ? '' : `: ${because}`
}
