/**
 * A setting of V8 while it runs: of a process that is ours alone, the library touches none. They are no promise of V8's,
 * and it complains about one that it does not know; so only where they are known to be there.
 */
import { setFlagsFromString } from 'node:v8'

/** Of Node 22, 24 and 26; what they are worth was measured with 24. */
const KNOWN = /^1[234]\./

export function setV8Flag(flag: string): void {
  if (KNOWN.test(process.versions.v8)) setFlagsFromString(flag)
}
