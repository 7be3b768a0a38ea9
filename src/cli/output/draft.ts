/**
 * A file that takes the place of one that is there only once the run has been accepted and is over: a run that is refused
 * leaves everything as it was. Until then rows go to `<path>.part`, or to a table of their own; opened with the first
 * row, when nobody else can hold the run file.
 */
import { accessSync, constants, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { reasonOf } from '../../core/callback.ts'
import type { Sink } from '../../index.ts'
import { whyNot } from '../../sinks/file-output.ts'
import { checkDatabase, loadSqlite, quoted } from '../../sinks/sqlite-table.ts'
import { UsageError } from '../usage-error.ts'

export interface Draft {
  readonly sink: Sink
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
  checkWritable(path, place)
  const part = `${place}.part`
  return lazyDraft(
    () => open(part, true),
    () => inPlace(path, () => renameSync(part, place)),
    () => rmSync(part, { force: true }),
  )
}

export function tableDraft(path: string, open: Open): Draft {
  if (!isFile(path)) return newDraft(path, () => open(TABLE, false))
  checkDatabase(path)
  const swap = `DROP TABLE IF EXISTS ${quoted(TABLE)}; ALTER TABLE ${quoted(NEW_TABLE)} RENAME TO ${quoted(TABLE)}`
  return lazyDraft(
    () => open(NEW_TABLE, true),
    () => inPlace(path, () => inDatabase(path, `BEGIN IMMEDIATE; ${swap}; COMMIT`)),
    () => inDatabase(path, `DROP TABLE IF EXISTS ${quoted(NEW_TABLE)}`),
  )
}

/** What is there makes room for a file that cannot be a draft, and comes back where that was refused. */
export function aside(path: string): { begin(): void; keep(): unknown; discard(): unknown } {
  const before = `${path}.before`
  let isMoved = false
  return {
    begin() {
      if (!isFile(path)) return
      inPlace(path, () => renameSync(path, before))
      isMoved = true
    },
    keep: () => isMoved && rmSync(before, { force: true }),
    discard: () => isMoved && renameSync(before, path),
  }
}

/** There was nothing, or it is no file: what a device or a pipe has been given it keeps. */
function newDraft(path: string, open: () => Sink): Draft {
  const isOurs = statSync(path, { throwIfNoEntry: false }) === undefined
  return { sink: open(), keep: () => undefined, discard: () => isOurs && rmSync(path, { force: true }) }
}

function lazyDraft(open: () => Sink, swap: () => void, drop: () => void): Draft {
  let opened: Sink | undefined
  const sink = (): Sink => (opened ??= open())
  return {
    sink: { write: outcome => sink().write(outcome), close: () => opened?.close() },
    async keep() {
      // Without a row there is still a header.
      if (opened === undefined) await sink().close()
      swap()
    },
    discard: () => opened !== undefined && drop(),
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

function checkWritable(path: string, place: string): void {
  try {
    accessSync(place, constants.W_OK)
    accessSync(dirname(place), constants.W_OK)
  } catch (error) {
    throw new UsageError(`-o: ${whyNot(path, error)}`, 74)
  }
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true
