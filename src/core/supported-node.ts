/**
 * Says which Node the package needs, before anything that an older one lacks is evaluated: the first import of each
 * public entry. Names that older versions do not export are read off a module's default import elsewhere, because a
 * missing named export is a SyntaxError before any code runs.
 */

/** The version that package.json asks for. */
const OLDEST = [22, 19] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  throw new Error(
    `parallel-requests needs Node ${OLDEST.join('.')} or later, and this is ${process.version}. Install a later one.`,
  )
}
