/**
 * Sets a flag of V8 at run time. Only the command line does this, because its process belongs to it; the library never
 * does. V8 does not guarantee these flags and prints a warning for unknown ones, so they are set only for known versions.
 */
import { setFlagsFromString } from 'node:v8'

/** The versions of V8 in Node 22, 24 and 26. The effect was measured with Node 24. */
const KNOWN_VERSIONS = /^1[234]\./

export function setV8Flag(flag: string): void {
  if (KNOWN_VERSIONS.test(process.versions.v8)) setFlagsFromString(flag)
}
