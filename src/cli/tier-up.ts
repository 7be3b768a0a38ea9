/**
 * Lets V8 spend less on compiling. Its second compiler is so thorough that it cost a third of the CPU time of 20,000
 * requests; the first one is nearly as good for functions that mostly wait for the network. 20,000 requests now take a
 * tenth less CPU time, and 200,000 no more than before (bench/targets.ts).
 */
import { setV8Flag } from './v8-flag.ts'

/** The default of V8 is a seventh of it. */
const CALLS = 20_000

export function tierUpLate(): void {
  setV8Flag(`--invocation-count-for-turbofan=${CALLS}`)
}
