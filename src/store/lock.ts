/**
 * Lets one process at a time use a run file.
 *
 * The lock is an open transaction on an SQLite database next to the file. The kernel releases it when its holder dies,
 * however it dies, so stale process ids and pid namespaces do not matter. Node has no other lock of this kind. Two
 * limits: POSIX drops the lock when this process opens the lock file itself and closes it, so only SQLite may read it;
 * and a file with two hard links has two locks.
 */
import { randomUUID } from 'node:crypto'
import { unlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { DatabaseSync } from 'node:sqlite'
import { reasonOf } from '../core/callback.ts'
import { ConfigError } from '../core/error.ts'
import { SQLITE_BUSY, loadSqlite, sqliteCode } from '../disk/sqlite.ts'

export interface Lock {
  /** Idempotent; does not throw. */
  release(): void
}

interface Holder {
  readonly nonce: string
  readonly pid: number
  readonly host: string
}

const CORRUPT = 11
const CANNOT_OPEN = 14
const NOT_A_DATABASE = 26
/** How long a reader waits for a holder that is writing its name. */
const READ_PATIENCE_MS = 200
const COMMIT_PATIENCE_MS = 2_000
/** An attempt is repeated only if the holder of the lock was just releasing it. */
const MAX_ATTEMPTS = 100

/** Locks the file with this real path through `<path>.lock`. Throws a ConfigError if another run holds it. */
export function lock(path: string, name: string): Lock {
  const lockPath = `${path}.lock`
  for (let attempts = 1; ; attempts++) {
    const nonce = randomUUID()
    const database = acquireLock(lockPath, nonce, name)
    // A leaving holder deletes the lock file. A process that had opened it before now holds a lock on a deleted file.
    if (readHolder(lockPath)?.nonce === nonce) return { release: () => releaseLock(database, lockPath, nonce) }
    database.close()
    if (attempts === MAX_ATTEMPTS) throw lockedError(lockPath, name, undefined)
  }
}

/** An open transaction on the lock file, which may have been deleted or replaced by now. */
function acquireLock(lockPath: string, nonce: string, name: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = openLockFile(lockPath, 0)
    // Not EXCLUSIVE, so that others can read who holds the lock.
    database.exec('BEGIN IMMEDIATE')
    database.exec('CREATE TABLE IF NOT EXISTS holder (nonce TEXT, pid INTEGER, host TEXT); DELETE FROM holder')
    database.prepare('INSERT INTO holder VALUES (?, ?, ?)').run(nonce, process.pid, hostname())
    database.exec(`PRAGMA busy_timeout = ${COMMIT_PATIENCE_MS}`)
    database.exec('COMMIT; PRAGMA busy_timeout = 0')
    // Another process may take the lock between COMMIT and BEGIN; then this BEGIN fails with SQLITE_BUSY.
    database.exec('BEGIN IMMEDIATE')
    return database
  } catch (error) {
    const holder = sqliteCode(error) === SQLITE_BUSY ? readHolder(lockPath) : undefined
    database?.close()
    if (sqliteCode(error) === SQLITE_BUSY)
      throw lockedError(lockPath, name, holder?.nonce === nonce ? undefined : holder)
    throw unusableError(lockPath, name, error)
  }
}

/** Deletes the lock file while the lock is still held, so that it is never the next holder's file. */
function releaseLock(database: DatabaseSync, lockPath: string, nonce: string): void {
  if (!database.isOpen) return
  try {
    // If the file was deleted by hand, another run's lock file may be there now.
    if (readHolder(lockPath)?.nonce === nonce) unlinkSync(lockPath)
  } catch {
    // The file stays behind, as after a crash, and blocks no other run.
  }
  database.close()
}

function readHolder(lockPath: string): Holder | undefined {
  let database: DatabaseSync | undefined
  try {
    database = openLockFile(lockPath, READ_PATIENCE_MS, true)
    return database.prepare('SELECT nonce, pid, host FROM holder').get() as unknown as Holder | undefined
  } catch {
    return undefined
  } finally {
    database?.close()
  }
}

function openLockFile(path: string, timeout: number, readOnly = false): DatabaseSync {
  const { DatabaseSync } = loadSqlite()
  return new DatabaseSync(path, { timeout, readOnly })
}

function lockedError(lockPath: string, name: string, holder: Holder | undefined): ConfigError {
  const where = holder !== undefined && holder.host !== hostname() ? ` on ${holder.host}` : ''
  const who = holder === undefined ? 'another run' : `another run (process ${holder.pid}${where})`
  return new ConfigError([
    `${name} is locked by ${who}. Wait until that run has ended or stop it, or give each run a file of its own; ` +
      `${lockPath} need not be deleted: a lock ends with its process.`,
  ])
}

function unusableError(lockPath: string, name: string, error: unknown): ConfigError {
  const code = sqliteCode(error)
  if (code === NOT_A_DATABASE || code === CORRUPT) {
    return new ConfigError([
      `${name} cannot be locked: ${lockPath} exists and is not a lock of a run. Move that file away.`,
    ])
  }
  if (code === CANNOT_OPEN) {
    return new ConfigError([
      `${name} cannot be locked: ${lockPath} cannot be made. Its folder must be writable, and nothing else of that ` +
        'name may be there; allow it, or give a path in another folder.',
    ])
  }
  return new ConfigError([
    `${name} cannot be locked by ${lockPath}: ${reasonOf(error)}. Give a path on a file system that has locks and room.`,
  ])
}
