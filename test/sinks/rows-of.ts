/** The rows of a database of SQLite, read by another connection. */
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'

/** A second connection, as another process would have. */
export function reader(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  onTestFinished(() => {
    if (database.isOpen) database.close()
  })
  return database
}

export const rowsOf = (path: string, table = 'results') =>
  reader(path)
    .prepare(`SELECT * FROM "${table.replaceAll('"', '""')}" ORDER BY "index"`)
    .all()
    .map(row => ({ ...row }))
