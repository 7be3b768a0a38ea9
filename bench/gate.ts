/**
 * CPU of the gate per request, in and out, by number of hosts and length of their queues: the cost must grow with
 * neither. Prints a table; `bench/hosts.ts --write` puts it into docs/fairness.md.
 */
import { gateCosts } from './support/gate-costs.ts'

const { rows, ratio, isHeld, bound } = await gateCosts()
for (const { name, microseconds, spread } of rows) {
  console.log(`${name.padEnd(24)} ${microseconds.toFixed(2).padStart(6)} µs/request  (${spread})`)
}
console.log(`largest / smallest: ${ratio.toFixed(2)} ×; bound: ${bound} ×, ${isHeld ? 'held' : 'NOT held'}`)
process.exitCode = isHeld ? 0 : 1
