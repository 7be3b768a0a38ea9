/**
 * Throws an error that names the required Node version. It is the first import of each public entry, so that it runs
 * before any code that an older Node does not support. Other modules access newer exports of Node through the default
 * import, because a missing named export is a SyntaxError before any code runs.
 */

/** The same version as in package.json. */
export const OLDEST_NODE = [22, 19] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  throw new Error(
    `parallel-requests needs Node ${OLDEST_NODE.join('.')} or later, and this is ${process.version}. Install a later one.`,
  )
}
