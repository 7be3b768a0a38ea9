/**
 * A file that takes the place of one that is there only once the run has been accepted and is over: a run that is refused
 * leaves everything as it was. Until then rows go to `<path>.part`, or to a table of their own: locked before anything is
 * sent, opened with the first row.
 */
import { realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { reasonOf } from '../../core/callback.ts'
import { ConfigError } from '../../index.ts'
import type { Sink } from '../../index.ts'
import { checkDatabase, loadSqlite, quoted } from '../../sinks/sqlite-table.ts'
import { lock } from '../../store/lock.ts'
import type { Lock } from '../../store/lock.ts'
import { UsageError } from '../usage-error.ts'

export interface Draft {
  readonly sink: Sink
  /** Before anything is sent. Throws a ConfigError where another run makes one for the same place. */
  readonly begin: () => void
  /** Once the sink is closed: under its own name. */
  readonly keep: () => unknown
  /** As if nothing had happened. */
  readonly discard: () => unknown
}

/** @param where the path, or the table */
type Open = (where: string, overwrite: boolean) => Sink

const TABLE = 'results'
const NEW_TABLE = 'results~new'

export function textDraft(path: string, open: Open): Draft {
  if (!isFile(path)) return newDraft(path, () => open(path, false))
  const place = realpathSync(path)
  const part = `${place}.part`
  return lazyDraft({
    held: () => lock(part, `-o: ${path}`),
    open: () => open(part, true),
    swap: () => inPlace(path, () => renameSync(part, place)),
    drop: () => rmSync(part, { force: true }),
  })
}

export function tableDraft(path: string, open: Open): Draft {
  if (!isFile(path)) return newDraft(path, () => open(TABLE, false))
  named(() => checkDatabase(path))
  const swap = `DROP TABLE IF EXISTS ${quoted(TABLE)}; ALTER TABLE ${quoted(NEW_TABLE)} RENAME TO ${quoted(TABLE)}`
  return lazyDraft({
    held: () => lock(realpathSync(path), `-o: ${path}`),
    open: () => open(NEW_TABLE, true),
    swap: () => inPlace(path, () => inDatabase(path, `BEGIN IMMEDIATE; ${swap}; COMMIT`)),
    drop: () => inDatabase(path, `DROP TABLE IF EXISTS ${quoted(NEW_TABLE)}`),
  })
}

/** What is there makes room for a file that cannot be a draft, and comes back where that was refused. */
export function aside(path: string): { begin(): void; keep(): unknown; discard(): unknown } {
  // Not the link to it, if there is one: where that leads to the new one comes, too.
  const place = isFile(path) ? realpathSync(path) : path
  const before = `${place}.before`
  let isMoved = false
  return {
    begin() {
      if (!isFile(path)) return
      inPlace(path, () => renameSync(place, before))
      isMoved = true
    },
    keep: () => isMoved && rmSync(before, { force: true }),
    discard: () => isMoved && renameSync(before, place),
  }
}

/** There was nothing, or it is no file: what a device or a pipe has been given it keeps. */
function newDraft(path: string, open: () => Sink): Draft {
  const isOurs = statSync(path, { throwIfNoEntry: false }) === undefined
  return {
    sink: named(open),
    begin: () => undefined,
    keep: () => undefined,
    discard: () => isOurs && rmSync(path, { force: true }),
  }
}

interface LazyParts {
  /** Two that write the same draft would make one of both. */
  readonly held: () => Lock
  readonly open: () => Sink
  readonly swap: () => void
  readonly drop: () => void
}

function lazyDraft({ held, open, swap, drop }: LazyParts): Draft {
  let own: Lock | undefined
  let opened: Sink | undefined
  const sink = (): Sink => (opened ??= named(open))
  return {
    sink: { write: outcome => sink().write(outcome), close: () => opened?.close() },
    begin: () => void (own = held()),
    async keep() {
      // What never began replaces nothing.
      if (own === undefined) return
      try {
        // Without a row there is still a header.
        if (opened === undefined) await sink().close()
        swap()
      } finally {
        own.release()
      }
    },
    discard() {
      if (opened !== undefined) drop()
      own?.release()
    },
  }
}

/** What a sink says of its path, in the words of the command line. */
function named<T>(open: () => T): T {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(`-o: ${error.message.replace(/^\w+: /, '')}`, 74)
  }
}

function inPlace(path: string, swap: () => void): void {
  try {
    swap()
  } catch (error) {
    throw new UsageError(`-o: expected to replace ${path}, got ${reasonOf(error)}.`, 74)
  }
}

function inDatabase(path: string, script: string): void {
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(resolve(path), { timeout: 30_000 })
  try {
    database.exec(script)
  } finally {
    database.close()
  }
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true
