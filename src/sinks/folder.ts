/**
 * A folder of files, one per answer. A file appears only when it is complete, under a name that cannot leave the
 * folder.
 */
import { mkdirSync, statSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bool, count, func } from '../config/kinds.ts'
import { reasonOf } from '../core/callback.ts'
import { ConfigError } from '../core/error.ts'
import type { OkOutcome, Outcome } from '../core/outcome.ts'
import { RowError, SinkError, isRowError } from '../core/sink.ts'
import type { Sink } from '../core/sink.ts'
import { foldedName, hasExtension, numbered, safeName } from '../config/file-name.ts'
import { moveToFree, openNew } from '../disk/new-file.ts'
import { refusalOf } from './refusal.ts'
import { problem } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'
import type { Words } from '../core/words.ts'
import { jsonLines } from './json-lines.ts'
import { readSinkOptions } from './options.ts'
import { targetPath } from './output.ts'
import { storedValueOf, printableKey } from './row.ts'
import type { StoredValue } from './row.ts'

/** Options of `folder`. */
export interface FolderOptions {
  /**
   * Name of an outcome's file. Default: its key or its index, with `.json`, `.txt` or `.bin` if it has no extension.
   */
  readonly name?: ((outcome: OkOutcome<unknown>) => string) | undefined
  /** Replace existing files. Default false: the write of an outcome whose file exists rejects with a `RowError`. */
  readonly overwrite?: boolean | undefined
  /**
   * Spaces per level of JSON, an integer ≥ 0. 0 = a single line; more than 10 count as 10; `Infinity` is a
   * ConfigError. Default 2.
   */
  readonly indent?: number | undefined
}

/** The number of Node's threads for file access. */
const MAX_OPEN_FILES = 4
const ERRORS = 'errors.jsonl'
const EXTENSIONS = { json: '.json', text: '.txt', bytes: '.bin', none: '.txt' } as const
/** Codes caused by the name rather than by the disk. */
const NAME_CODES = new Set(['EEXIST', 'EILSEQ', 'EINVAL', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR', 'ENOTEMPTY'])

/**
 * A sink that writes one file per successful outcome: bytes as they are (with `returnType: 'response'`, the body), text
 * as UTF-8, other values as JSON. A file is written under a temporary name and renamed when it is complete. Failed
 * outcomes get a line in `errors.jsonl`. That file is created at the start, so a second run into the same folder is a
 * `ConfigError` unless it sets `overwrite: true`. The folder is created if its parent exists.
 *
 * Names may come from untrusted input. Whatever could leave the folder, hide a file, or be refused by some system is
 * percent-encoded (`../a` becomes `%2E.%2Fa`). Long names are cut and get a hash. Of names that differ only in case,
 * the later ones get `~` and their index. The sink remembers each name for that: about 100 bytes per file.
 *
 * If the name is taken by an earlier file, the `name` function throws, or JSON cannot hold the value, the write rejects
 * with a `RowError`: that outcome gets no file, and the run goes on.
 *
 * @throws ConfigError (an unknown or wrong option, a path that cannot be written)
 * @example
 * await client.drain(urls, { sink: folder('pages', { name: ({ index }) => `page-${index}.html` }) })
 */
export function folder(path: string | URL, options: FolderOptions = {}): Sink {
  const read = readSinkOptions('folder', options, {
    name: func,
    overwrite: bool,
    indent: count(0, 'Use 0 for one line.', false),
  })
  const where = targetPath('folder', path)
  createFolder(where)
  const { overwrite = false, indent = 2 } = read
  return new FolderSink(where, { name: read.name as FolderOptions['name'], overwrite, indent })
}

function createFolder(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new ConfigError([refusalOf(path, error)])
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
    throw new ConfigError([
      { cannot: `make the folder ${path}`, because: 'it is a file', remedy: 'Choose another path.' },
    ])
  }
}

interface FolderSettings {
  readonly name: FolderOptions['name'] | undefined
  readonly overwrite: boolean
  readonly indent: number
}

class FolderSink implements Sink {
  readonly #path: string
  readonly #settings: FolderSettings
  readonly #errors: Sink
  readonly #taken = new Set([foldedName(ERRORS)])
  readonly #waiting: (() => void)[] = []
  readonly #open = new Set<Promise<void>>()
  #writing = 0
  #parts = 0
  #kept = 0
  #closed = false
  #failure: SinkError | undefined

  constructor(path: string, settings: FolderSettings) {
    this.#path = path
    this.#settings = settings
    this.#errors = jsonLines(join(path, ERRORS), { overwrite: settings.overwrite })
  }

  write(outcome: Outcome): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#closed) return Promise.reject(new Error(`cannot write ${this.#path}: the sink was closed`))
    const written = this.#keep(outcome).then(
      () => void this.#kept++,
      (error: unknown) => Promise.reject(isRowError(error) ? error : this.#fail(error)),
    )
    this.#open.add(written)
    const ended = (): void => void this.#open.delete(written)
    written.then(ended, ended)
    return written
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#open)
    try {
      await this.#errors.close()
    } catch (error) {
      this.#fail(error)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #fail(cause: unknown): SinkError {
    this.#failure ??= cause instanceof SinkError ? cause : new SinkError(this.#path, this.#kept, cause)
    return this.#failure
  }

  /** Runs synchronously up to its first await, so that names are assigned in the order of the calls. */
  async #keep(outcome: Outcome): Promise<void> {
    if (!outcome.ok) return this.#errors.write(outcome)
    const kept = storedValueOf(outcome.value, outcome, this.#settings.indent)
    const name = this.#freeName(fileNameFor(outcome, kept, this.#settings.name), outcome.index)
    if (this.#writing >= MAX_OPEN_FILES) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#writing++
    try {
      if (this.#failure !== undefined) throw this.#failure
      await this.#store(name, fileContent(kept))
    } catch (error) {
      if (!NAME_CODES.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      const remedy: Words = ['Set ', { option: 'overwrite', value: true }, ' to replace files, or choose another name.']
      throw new RowError(outcome.index, { cannot: `write ${name}`, because: systemReason(error), remedy }, error)
    } finally {
      const next = this.#waiting.shift()
      // The slot is passed on to the next waiting write.
      if (next === undefined) this.#writing--
      else next()
    }
  }

  async #store(name: string, content: string | Uint8Array): Promise<void> {
    const part = join(this.#path, `.${this.#parts++}.part`)
    try {
      const file = await openNew(part)
      try {
        await file.writeFile(content)
      } finally {
        await file.close()
      }
      const path = join(this.#path, name)
      if (this.#settings.overwrite) await rename(part, path)
      else await moveToFree(part, path)
    } catch (error) {
      await rm(part, { force: true }).catch(() => {})
      throw error
    }
  }

  #freeName(wanted: string, index: number): string {
    let name = wanted
    for (let more = index; this.#taken.has(foldedName(name)); more++) name = numbered(wanted, more)
    this.#taken.add(foldedName(name))
    return name
  }
}

function fileNameFor(outcome: OkOutcome<unknown>, { kind }: StoredValue, name: FolderSettings['name']): string {
  const { index } = outcome
  if (name === undefined) {
    const extension = EXTENSIONS[kind]
    const key = printableKey(outcome)
    const plain = key === undefined || key === '' ? String(index) : key
    const fits = kind === 'json' ? plain.endsWith(extension) : hasExtension(plain)
    return safeName(fits ? plain : plain + extension)
  }
  let given: unknown
  try {
    given = name(outcome)
  } catch (error) {
    throw new RowError(index, problem('name', 'a name', `an error (${reasonOf(error)})`, 'Fix the function.'), error)
  }
  if (typeof given === 'string' && given !== '') return safeName(given)
  throw new RowError(index, problem('name', 'a name', given === '' ? "''" : typeof given, 'Fix the function.'))
}

function fileContent({ kind, content }: StoredValue): string | Uint8Array {
  return kind === 'json' ? `${content}\n` : (content ?? '')
}
