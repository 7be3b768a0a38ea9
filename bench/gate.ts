/**
 * What the gate costs per request, in line and through it, over hosts and lengths of their lines: the cost must not grow
 * with either. Prints a table; `bench/hosts.ts --write` puts it into docs/fairness.md.
 */
import { gateCosts } from './support/gate-costs.ts'

const { rows, ratio, isHeld, bound } = await gateCosts()
for (const { name, microseconds, spread } of rows) {
  console.log(`${name.padEnd(24)} ${microseconds.toFixed(2).padStart(6)} µs/request  (${spread})`)
}
console.log(`largest / smallest: ${ratio.toFixed(2)} ×; bound: ${bound} ×, ${isHeld ? 'held' : 'NOT held'}`)
process.exitCode = isHeld ? 0 : 1
