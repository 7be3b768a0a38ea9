/** Node's SQLite, loaded on demand, and its error codes. */

let loaded: typeof import('node:sqlite') | undefined

/** Without Node's ExperimentalWarning, which the users of a program cannot act on. */
export function loadSqlite(): typeof import('node:sqlite') {
  if (loaded !== undefined) return loaded
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, not called
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    loaded = process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
  return loaded
}

/** Another connection is in a transaction. */
export const SQLITE_BUSY = 5

/** SQLite's primary code of an error; 0 for other errors. The upper bytes hold details that are not needed here. */
export function sqliteCode(error: unknown): number {
  const code = (error as { errcode?: unknown } | undefined)?.errcode
  return typeof code === 'number' ? code & 0xff : 0
}
