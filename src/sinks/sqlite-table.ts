/**
 * The table behind the SQLite sink. It is opened and checked at once and filled in transactions; it waits while another
 * connection writes.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { closeSync, openSync, readSync, realpathSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { got } from '../config/kinds.ts'
import { ConfigError } from '../core/error.ts'
import { fileIdentity, systemError as errorOf } from '../disk/new-file.ts'
import { overwriteAndAppend } from './file-output.ts'
import type { FileOptions } from './file-output.ts'
import { refusalOf } from './refusal.ts'
import { problem } from '../core/problem.ts'
import type { Problem } from '../core/problem.ts'
import type { Words } from '../core/words.ts'
import { SQLITE_BUSY, loadSqlite, sqliteCode } from '../disk/sqlite.ts'

/** node:sqlite binds every number as a REAL, so integers are bigints. */
export type SqliteRow = readonly (string | number | bigint | null | Uint8Array)[]

export interface SqliteTable {
  readonly path: string
  /** Whether a row is known by its `request_id`, and not by its index as in tables of early versions. */
  readonly hasIds: boolean
  /** Inserts all rows or none. */
  insert(rows: readonly SqliteRow[]): Promise<void>
  /** Creates or replaces the table even if no row was inserted. */
  finish(): Promise<void>
  close(): void
}

/** In the order of a Row. `value` has no type, so SQLite keeps text as text and bytes as bytes. */
const COLUMNS = {
  index: 'INTEGER NOT NULL',
  request_id: 'TEXT PRIMARY KEY',
  parent_id: 'TEXT',
  item_number: 'INTEGER',
  key: 'TEXT',
  method: 'TEXT NOT NULL',
  url: 'TEXT NOT NULL',
  ok: 'INTEGER NOT NULL',
  status: 'INTEGER',
  value: '',
  encoding: 'TEXT',
  error_code: 'TEXT',
  error_message: 'TEXT',
  error_body: 'TEXT',
  final_url: 'TEXT',
  location: 'TEXT',
  attempts: 'INTEGER NOT NULL',
  bytes: 'INTEGER NOT NULL',
  timings: 'TEXT NOT NULL',
  at: 'TEXT NOT NULL',
} as const

const COLUMN_NAMES = Object.keys(COLUMNS)
/** Columns that tables of earlier versions do not have. */
const OPTIONAL: ReadonlySet<string> = new Set([
  'request_id',
  'parent_id',
  'item_number',
  'error_body',
  'final_url',
  'location',
])

/** SQLite compares names without regard to case. */
export const isFixed = (name: string): boolean => Object.hasOwn(COLUMNS, name.toLowerCase())

const OVERWRITE = { option: 'overwrite', value: true }
const LOCKED = 6
/** How long to wait for another connection's transaction. */
const MAX_WAIT_MS = 30_000
const RETRY_EVERY_MS = 10
/** Maps SQLite's codes to those of the system, which a run checks. */
const SYSTEM_CODES: Readonly<Record<number, string>> = { 8: 'EROFS', 10: 'EIO', 13: 'ENOSPC' }

/**
 * @param more columns besides the fixed ones
 */
export function openTable(path: string, name: string, options: FileOptions, more: readonly string[] = []): SqliteTable {
  if (options.overwrite === true && options.append === true) {
    throw new ConfigError([overwriteAndAppend('sqlite')])
  }
  if (path === ':memory:') {
    const remedy = 'A database in memory would be lost when the sink closes.'
    throw new ConfigError([problem('sqlite', 'the path of a file', got(path), remedy)])
  }
  checkDatabase(path)
  let database: DatabaseSync | undefined
  try {
    const { DatabaseSync: Database } = loadSqlite()
    // Resolved, because SQLite reads some names as URLs or as in-memory databases.
    database = new Database(resolve(path), { timeout: 5_000 })
    return new OpenTable(path, database, name, { ...options, more })
  } catch (error) {
    database?.close()
    if (error instanceof ConfigError) throw error
    throw new ConfigError([refusalOf(path, error)])
  }
}

/** Throws a ConfigError. SQLite itself reports all of these as "unable to open database file". */
export function checkDatabase(path: string): void {
  try {
    const isNew = statSync(path, { throwIfNoEntry: false }) === undefined
    closeSync(openSync(path, isNew ? 'wx' : 'r+'))
    if (isNew) rmSync(path)
    else if (!startsAsDatabase(path)) {
      const because = 'it exists and is not an SQLite database'
      throw new ConfigError([{ cannot: `write ${path}`, because, remedy: 'Choose another path.' }])
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError([refusalOf(path, error)])
  }
}

function startsAsDatabase(path: string): boolean {
  const head = Buffer.alloc(16)
  const fd = openSync(path, 'r')
  try {
    const length = readSync(fd, head, 0, 16, 0)
    return length === 0 || head.toString('latin1') === 'SQLite format 3\0'
  } finally {
    closeSync(fd)
  }
}

/** Quotes a name for SQL, whatever characters it holds. */
export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`

class OpenTable implements SqliteTable {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #create: string
  readonly #name: string
  readonly #more: readonly string[]
  /** The places in a row whose fixed columns the table has. A table of an earlier version does not have all of them. */
  #has: readonly number[] = []
  /** The path without links, and the device and inode at opening. */
  readonly #place: string
  readonly #identity: string | undefined
  #size = 0
  /** Undefined until the table that is to be replaced has been replaced. */
  #insert: StatementSync | undefined

  constructor(
    path: string,
    database: DatabaseSync,
    name: string,
    { overwrite, append, more }: FileOptions & { readonly more: readonly string[] },
  ) {
    this.path = path
    this.#database = database
    this.#name = quotedName(name)
    const columns = [
      ...Object.entries(COLUMNS).map(([column, type]) => `${quotedName(column)} ${type}`.trimEnd()),
      ...more.map(quotedName),
    ]
    this.#create = `CREATE TABLE IF NOT EXISTS ${this.#name} (${columns.join(', ')})`
    this.#more = more
    database.exec('PRAGMA journal_mode = WAL')
    this.#place = realpathSync(path)
    this.#identity = fileIdentity(this.#place)
    // A commit survives the end of the process. The last ones may be lost in a power failure.
    database.exec('PRAGMA synchronous = NORMAL')
    // 1 MB, a quarter of SQLite's default: the commit that moves the log into the file then stalls for less time.
    database.exec('PRAGMA wal_autocheckpoint = 250')
    const found = database.prepare('SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE').get(name)
    if (found !== undefined && found['type'] !== 'table') {
      throw new ConfigError([this.#cannot(`it is a ${String(found['type'])}`, 'Choose another table.')])
    }
    if (found !== undefined && overwrite !== true && append !== true) {
      throw new ConfigError([
        this.#cannot('it exists', ['Set ', OVERWRITE, ' to replace it, append: true to add to it, or choose another.']),
      ])
    }
    if (found !== undefined && append === true) this.#checkColumns(more)
    if (found === undefined || overwrite !== true) this.#prepare()
    // From here on waiting must not block, so `#begin` polls.
    database.exec('PRAGMA busy_timeout = 0')
  }

  get hasIds(): boolean {
    // A table that is to be replaced gets all columns.
    return this.#insert === undefined || this.#has.includes(COLUMN_NAMES.indexOf('request_id'))
  }

  async insert(rows: readonly SqliteRow[]): Promise<void> {
    await this.#transaction(() => {
      const insert = this.#insert ?? this.#replace()
      const isWhole = this.#has.length === COLUMN_NAMES.length
      for (const row of rows) insert.run(...(isWhole ? row : this.#cellsOf(row)))
    })
    // One transaction per turn: a commit may stall for milliseconds, and these must not add up.
    await turn()
  }

  async finish(): Promise<void> {
    if (this.#insert === undefined) await this.#transaction(() => void this.#replace())
    this.#check()
  }

  close(): void {
    this.#database.close()
  }

  /** SQLite reports no error when its file is deleted or truncated, and goes on writing. */
  #check(): void {
    if (this.#identity === undefined || fileIdentity(this.#place) !== this.#identity) {
      throw errorOf('ESTALE', 'the database was deleted, moved or replaced during the run, so its rows are lost')
    }
    const { size } = statSync(this.#place)
    // A VACUUM by another connection shrinks it as well.
    if (size < this.#size && !this.#isSound()) throw errorOf('ESTALE', 'the database was truncated during the run')
    this.#size = size
  }

  #isSound(): boolean {
    try {
      return this.#database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok'
    } catch {
      return false
    }
  }

  #checkColumns(wanted: readonly string[]): void {
    const names = this.#names()
    const missing = wanted.filter(name => !names.has(name.toLowerCase()))
    if (missing.length === 0) return
    const because = `it has no column ${missing.map(got).join(', ')}`
    throw new ConfigError([this.#cannot(because, ['Set ', OVERWRITE, ' to replace it, or choose another.'])])
  }

  #cannot(because: string, remedy: Words): Problem {
    return { cannot: `write the table ${this.#name} in ${this.path}`, because, remedy }
  }

  /** The columns of the table, in lower case. */
  #names(): ReadonlySet<string> {
    const columns = this.#database.prepare(`PRAGMA table_info(${this.#name})`).all()
    return new Set(columns.map(({ name }) => String(name).toLowerCase()))
  }

  #prepare(): StatementSync {
    this.#database.exec(this.#create)
    const names = this.#names()
    const fixed = COLUMN_NAMES.filter(name => !OPTIONAL.has(name) || names.has(name))
    this.#has = fixed.map(name => COLUMN_NAMES.indexOf(name))
    // Without `request_id`, a row is known by its index.
    const key = fixed.includes('request_id') ? 'request_id' : 'index'
    const statement = insertInto(this.#name, [...fixed, ...this.#more], key)
    this.#insert = this.#database.prepare(statement)
    return this.#insert
  }

  #cellsOf(row: SqliteRow): SqliteRow {
    return [...this.#has.map(at => row[at] ?? null), ...row.slice(COLUMN_NAMES.length)]
  }

  #replace(): StatementSync {
    this.#database.exec(`DROP TABLE ${this.#name}`)
    return this.#prepare()
  }

  async #transaction(run: () => void): Promise<void> {
    this.#check()
    await this.#begin()
    const before = this.#insert
    try {
      run()
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#insert = before
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw withSystemCode(error)
    }
  }

  async #begin(): Promise<void> {
    for (const givenUpAt = performance.now() + MAX_WAIT_MS; ;) {
      try {
        return this.#database.exec('BEGIN IMMEDIATE')
      } catch (error) {
        const code = sqliteCode(error)
        if ((code !== SQLITE_BUSY && code !== LOCKED) || performance.now() > givenUpAt) throw withSystemCode(error)
      }
      // oxlint-disable-next-line no-await-in-loop -- its turn is what it waits for
      await sleep(RETRY_EVERY_MS)
    }
  }
}

/** A row with the same `key` is replaced. */
function insertInto(table: string, columns: readonly string[], key: string): string {
  const names = columns.map(quotedName)
  const updates = names.filter(name => name !== quotedName(key)).map(name => `${name} = excluded.${name}`)
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
    ON CONFLICT (${quotedName(key)}) DO UPDATE SET ${updates.join(', ')}`
}

/** Adds the error code that the file system would have given. */
function withSystemCode(error: unknown): unknown {
  const code = SYSTEM_CODES[sqliteCode(error)]
  return code === undefined ? error : Object.assign(new Error((error as Error).message, { cause: error }), { code })
}
