/** The table behind the SQLite sink: opened and checked at once, filled in transactions that wait for others' turns. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { closeSync, openSync, readSync, realpathSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { got } from '../config/kinds.ts'
import { ConfigError } from '../core/error.ts'
import { identityOf, systemError as errorOf } from '../disk/new-file.ts'
import { whyNot } from './file-output.ts'
import type { FileOptions } from './file-output.ts'

/** node:sqlite binds every number as a REAL: integers are bigints. */
export type Row = readonly (string | number | bigint | null | Uint8Array)[]

export interface Table {
  readonly path: string
  /** All of them or none. */
  insert(rows: readonly Row[]): Promise<void>
  /** Without a single row there is still a table, and nothing of the one before. */
  finish(): Promise<void>
  close(): void
}

/** In the order of a Row. `value` has no type, so that SQLite keeps text as text and bytes as bytes. */
const COLUMNS = {
  index: 'INTEGER PRIMARY KEY',
  key: 'TEXT',
  method: 'TEXT NOT NULL',
  url: 'TEXT NOT NULL',
  ok: 'INTEGER NOT NULL',
  status: 'INTEGER',
  value: '',
  encoding: 'TEXT',
  error_code: 'TEXT',
  error_message: 'TEXT',
  attempts: 'INTEGER NOT NULL',
  bytes: 'INTEGER NOT NULL',
  timings: 'TEXT NOT NULL',
  at: 'TEXT NOT NULL',
} as const

/** SQLite takes names without regard to case. */
export const isFixed = (name: string): boolean => Object.hasOwn(COLUMNS, name.toLowerCase())

const BUSY = 5
const LOCKED = 6
/** For another connection's transaction. */
const MAX_WAIT_MS = 30_000
const LOOK_EVERY_MS = 10
/** SQLite's own codes as the system's, which is what a run looks at. */
const SYSTEM_CODES: Readonly<Record<number, string>> = { 8: 'EROFS', 10: 'EIO', 13: 'ENOSPC' }

/** @param more columns besides those that every table has */
export function openTable(path: string, name: string, options: FileOptions, more: readonly string[] = []): Table {
  if (options.overwrite === true && options.append === true) {
    throw new ConfigError(['sqlite: expected overwrite or append, got both. Leave one of them out.'])
  }
  if (path === ':memory:') {
    throw new ConfigError(['sqlite: expected the path of a file, got ":memory:". Nobody could read it there.'])
  }
  checkDatabase(path)
  let database: DatabaseSync | undefined
  try {
    const { DatabaseSync: Database } = loadSqlite()
    // Resolved, because SQLite reads some names as URLs or as places in memory.
    database = new Database(resolve(path), { timeout: 5_000 })
    return new OpenTable(path, database, name, { ...options, more })
  } catch (error) {
    database?.close()
    if (error instanceof ConfigError) throw error
    const reason = (error as Error).message
    throw new ConfigError([
      `sqlite: expected a database that can be written, got ${JSON.stringify(path)} (${reason}). Choose another path.`,
    ])
  }
}

/** Throws a ConfigError. SQLite's own words for these are all the same: unable to open database file. */
export function checkDatabase(path: string): void {
  try {
    const isNew = statSync(path, { throwIfNoEntry: false }) === undefined
    closeSync(openSync(path, isNew ? 'wx' : 'r+'))
    if (isNew) rmSync(path)
    else if (!startsAsDatabase(path)) {
      throw new ConfigError([
        `sqlite: expected an SQLite database or a path where nothing is yet, got ${JSON.stringify(path)}, which is something else. Choose another.`,
      ])
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError([`sqlite: ${whyNot(path, error)}`])
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

/** Only when it is needed, and without Node's warning that it is young, which is not for the users of a program. */
export function loadSqlite(): typeof import('node:sqlite') {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, not called
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

/** SQL's quoting of a name: whatever it holds, it is one name. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

class OpenTable implements Table {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #create: string
  readonly #insertInto: string
  readonly #name: string
  /** Its path behind links, and its device and inode when it was opened. */
  readonly #place: string
  readonly #identity: string | undefined
  #size = 0
  /** Absent until what is to be replaced has been. */
  #insert: StatementSync | undefined

  constructor(
    path: string,
    database: DatabaseSync,
    name: string,
    { overwrite, append, more }: FileOptions & { readonly more: readonly string[] },
  ) {
    this.path = path
    this.#database = database
    this.#name = quoted(name)
    const columns = [
      ...Object.entries(COLUMNS).map(([column, type]) => `${quoted(column)} ${type}`.trimEnd()),
      ...more.map(quoted),
    ]
    this.#create = `CREATE TABLE IF NOT EXISTS ${this.#name} (${columns.join(', ')})`
    this.#insertInto = insertInto(this.#name, [...Object.keys(COLUMNS), ...more])
    database.exec('PRAGMA journal_mode = WAL')
    this.#place = realpathSync(path)
    this.#identity = identityOf(this.#place)
    // A commit survives the end of this process; not, for the last ones, the end of the power.
    database.exec('PRAGMA synchronous = NORMAL')
    // A megabyte, a quarter of SQLite's default: a commit that has to move the log into the file stalls for less.
    database.exec('PRAGMA wal_autocheckpoint = 250')
    const found = database.prepare('SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE').get(name)
    if (found !== undefined && found['type'] !== 'table') {
      throw new ConfigError([
        `sqlite: expected the name of a table, got ${got(name)}, which is a ${String(found['type'])}.`,
      ])
    }
    if (found !== undefined && overwrite !== true && append !== true) {
      throw new ConfigError([
        `sqlite: expected a table that is not there yet, got ${got(name)} in ${JSON.stringify(path)}. Set overwrite: true to replace it, append: true to add to it, or choose another.`,
      ])
    }
    if (found !== undefined && append === true) this.#checkColumns(more)
    if (found === undefined || overwrite !== true) this.#prepare()
    // From here on waiting is done without blocking.
    database.exec('PRAGMA busy_timeout = 0')
  }

  async insert(rows: readonly Row[]): Promise<void> {
    await this.#transaction(() => {
      const insert = this.#insert ?? this.#replace()
      for (const row of rows) insert.run(...row)
    })
    // One transaction per turn: a commit may stall for milliseconds, and several of them must not add up.
    await turn()
  }

  async finish(): Promise<void> {
    if (this.#insert === undefined) await this.#transaction(() => void this.#replace())
    this.#check()
  }

  close(): void {
    this.#database.close()
  }

  /** SQLite reports no error for a deleted or a truncated file, and goes on writing to it. */
  #check(): void {
    if (this.#identity === undefined || identityOf(this.#place) !== this.#identity) {
      throw errorOf('ESTALE', 'the database was deleted, moved or replaced during the run, and its rows went with it')
    }
    const { size } = statSync(this.#place)
    // VACUUM by another connection makes it smaller, too.
    if (size < this.#size && !this.#isSound()) throw errorOf('ESTALE', 'the database was cut during the run')
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
    const there = this.#database.prepare(`PRAGMA table_info(${this.#name})`).all()
    const names = new Set(there.map(({ name }) => String(name).toLowerCase()))
    const missing = wanted.filter(name => !names.has(name.toLowerCase()))
    if (missing.length === 0) return
    throw new ConfigError([
      `sqlite: expected a table with the columns ${missing.map(got).join(', ')}, got one without, in ${JSON.stringify(this.path)}. Set overwrite: true to replace it, or choose another.`,
    ])
  }

  #prepare(): StatementSync {
    this.#database.exec(this.#create)
    this.#insert = this.#database.prepare(this.#insertInto)
    return this.#insert
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
      throw systemError(error)
    }
  }

  async #begin(): Promise<void> {
    for (const givenUpAt = performance.now() + MAX_WAIT_MS; ;) {
      try {
        return this.#database.exec('BEGIN IMMEDIATE')
      } catch (error) {
        const code = primaryCode(error)
        if ((code !== BUSY && code !== LOCKED) || performance.now() > givenUpAt) throw systemError(error)
      }
      // oxlint-disable-next-line no-await-in-loop -- its turn is what it waits for
      await sleep(LOOK_EVERY_MS)
    }
  }
}

function insertInto(table: string, columns: readonly string[]): string {
  const names = columns.map(quoted)
  const updates = names.slice(1).map(name => `${name} = excluded.${name}`)
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
    ON CONFLICT ("index") DO UPDATE SET ${updates.join(', ')}`
}

/** SQLite's code of an error; 0 when it is none of its. The upper bytes say more than anybody asks. */
function primaryCode(error: unknown): number {
  return ((error as { errcode?: number | undefined }).errcode ?? 0) & 0xff
}

/** With the code that a disk would have given. */
function systemError(error: unknown): unknown {
  const code = SYSTEM_CODES[primaryCode(error)]
  return code === undefined ? error : Object.assign(new Error((error as Error).message, { cause: error }), { code })
}
