/** Ten million responses, none of which may reach another request than its own: `npm run nightly:misdelivery`. */
import { deliver } from '../test/support/misdelivery.ts'

const count = Number(process.argv[2] ?? 10_000_000)
const { ok, failed, misdelivered, lost, seconds } = await deliver(count, done => console.log(`${done} of ${count}`))
console.log(`${ok} ok, ${failed} failed, ${misdelivered.length} misdelivered, ${lost} lost, in ${seconds.toFixed(0)} s`)
for (const line of misdelivered.slice(0, 20)) console.error(line)
if (misdelivered.length > 0 || lost > 0 || ok + failed !== count) process.exitCode = 1
