/**
 * Has V8 optimize sooner what is called often: a run does the same for each of its requests, so that what is hot is known
 * early. 30,000 requests cost a tenth less CPU for it, and a million no more (bench/cli.ts).
 */
import { setV8Flag } from './v8-flag.ts'

/** V8 waits for three times as many. */
const CALLS = 1_000

export function tierUpSoon(): void {
  setV8Flag(`--invocation-count-for-turbofan=${CALLS}`)
}
