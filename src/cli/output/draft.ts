/**
 * Replaces an existing output only when the run has ended, so that a refused run changes nothing. Until then, rows go to
 * `<path>.part` (or another free name), or to a table of their own. The draft is locked before anything is sent and opened
 * with the first row.
 */
import { realpathSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileIdentity, makeEmpty, partNameOf, putInPlace, removeLeftParts } from '../../disk/new-file.ts'
import { ConfigError } from '../../index.ts'
import type { Sink } from '../../index.ts'
import { loadSqlite } from '../../disk/sqlite.ts'
import { checkDatabase, quotedName } from '../../sinks/sqlite-table.ts'
import { lock } from '../../store/lock.ts'
import type { Lock } from '../../store/lock.ts'
import { UsageError } from '../usage-error.ts'
import { systemReason } from '../../core/system-reason.ts'

export interface Draft {
  readonly sink: Sink
  /** Called before anything is sent. Throws a ConfigError if another run has a draft for the same output. */
  readonly begin: () => void
  /** Moves the draft to its own name. Called after the sink is closed. */
  readonly keep: () => unknown
  /** Removes the draft and leaves the output as it was. */
  readonly discard: () => unknown
  /** After a failed run: keeps the old output and the draft. Returns a sentence that says where, or undefined without new rows. */
  readonly leave: () => string | undefined
}

/** @param where the path or the table */
type Open = (where: string, overwrite: boolean) => Sink

const RESULTS_TABLE = 'results'
const NEW_TABLE = 'results~new'

export function textDraft(path: string, open: Open): Draft {
  if (!isRegularFile(path)) return newDraft(path, () => open(path, false))
  const place = realpathSync(path)
  const part = partNameOf(place)
  let identity: string | undefined
  return lazyDraft({
    held() {
      const own = lock(place, `-o: ${path}`)
      // Parts of killed runs. The lock guarantees that no other run uses them.
      removeLeftParts(place)
      return own
    },
    open() {
      const sink = open(part, false)
      identity = fileIdentity(part)
      return sink
    },
    swap: () => inPlace(path, part, () => putInPlace(part, place, identity)),
    drop: () => rmSync(part, { force: true }),
    left: () => leftBehind(path, part),
  })
}

const leftBehind = (path: string, draft: string): string => `${path} is unchanged. The new results are in ${draft}.`

/** The draft of a run file that is started over. Undefined if there is no file yet, so that none is replaced. */
export function runFileDraft(path: string): (Omit<Draft, 'sink'> & { readonly part: string }) | undefined {
  if (!isRegularFile(path)) return undefined
  const place = realpathSync(path)
  const part = partNameOf(place)
  let own: Lock | undefined
  let identity: string | undefined
  return {
    part,
    begin() {
      own = lock(place, `-o: ${path}`)
      removeLeftParts(place)
      inPlace(path, part, () => makeEmpty(part))
      identity = fileIdentity(part)
    },
    keep() {
      if (identity === undefined) return
      try {
        inPlace(path, part, () => putInPlace(part, place, identity))
      } finally {
        own?.release()
      }
    },
    discard() {
      if (identity !== undefined) rmSync(part, { force: true })
      own?.release()
    },
    leave() {
      own?.release()
      return identity === undefined ? undefined : leftBehind(path, part)
    },
  }
}

export function tableDraft(path: string, open: Open): Draft {
  if (!isRegularFile(path)) return newDraft(path, () => open(RESULTS_TABLE, false))
  named(() => checkDatabase(path))
  const swap = `DROP TABLE IF EXISTS ${quotedName(RESULTS_TABLE)}; ALTER TABLE ${quotedName(NEW_TABLE)} RENAME TO ${quotedName(RESULTS_TABLE)}`
  return lazyDraft({
    held: () => lock(realpathSync(path), `-o: ${path}`),
    open: () => open(NEW_TABLE, true),
    swap: () => inPlace(path, `the table ${NEW_TABLE}`, () => inDatabase(path, `BEGIN IMMEDIATE; ${swap}; COMMIT`)),
    drop: () => inDatabase(path, `DROP TABLE IF EXISTS ${quotedName(NEW_TABLE)}`),
    left: () => leftBehind(path, `its table ${NEW_TABLE}`),
  })
}

/** Writes directly to an output that does not exist yet, or is not a file. A device or pipe cannot be restored. */
function newDraft(path: string, open: () => Sink): Draft {
  const isOurs = statSync(path, { throwIfNoEntry: false }) === undefined
  return {
    sink: named(open),
    begin: () => undefined,
    keep: () => undefined,
    discard: () => isOurs && rmSync(path, { force: true }),
    leave: () => undefined,
  }
}

interface LazyParts {
  /** Takes the lock. Two runs that write the same draft would mix their rows. */
  readonly held: () => Lock
  readonly open: () => Sink
  readonly swap: () => void
  readonly drop: () => void
  readonly left: () => string
}

function lazyDraft({ held, open, swap, drop, left }: LazyParts): Draft {
  let own: Lock | undefined
  let opened: Sink | undefined
  const sink = (): Sink => (opened ??= named(open))
  return {
    sink: { write: outcome => sink().write(outcome), close: () => opened?.close() },
    begin: () => void (own = held()),
    async keep() {
      // A run that has not begun replaces nothing.
      if (own === undefined) return
      try {
        // Without rows, the output still gets its header.
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
    leave() {
      own?.release()
      return opened === undefined ? undefined : left()
    },
  }
}

/** Rewrites an error of a sink in the vocabulary of the command line. */
function named<T>(open: () => T): T {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const [said = error.message] = error.problems
    const isRefused = said.startsWith('cannot ')
    throw new UsageError(
      isRefused ? said.replace(/^cannot write (?!the )/, 'cannot write -o ') : `-o: ${said.replace(/^\w+: /, '')}`,
      74,
    )
  }
}

/** @param draft where the new rows are if the replacement fails */
function inPlace(path: string, draft: string, swap: () => void): void {
  try {
    swap()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const where = code === 'ESTALE' ? '' : ` The new results are in ${draft}.`
    throw new UsageError(`cannot replace -o ${path}: ${systemReason(error)}.${where}`, 74)
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

const isRegularFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true
