/**
 * The path that the body of a request is saved to: a name inside the folder, or the answer of the caller's function.
 */
import { lstatSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Reserved } from '../disk/body-file.ts'
import { foldedName, nameOfUrl, numbered, savedName } from '../config/file-name.ts'
import { got, isPlain, problem } from '../config/kinds.ts'
import type { Call } from '../core/call.ts'
import { reasonOf, runCallback } from '../core/callback.ts'
import type { Clock } from '../core/ports.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { SaveRequest } from '../core/spec.ts'
import { fileFault } from '../transport/file-faults.ts'
import { refuseExisting } from '../disk/new-file.ts'
import { wordsOf } from '../core/problem.ts'
import type { Words } from '../core/words.ts'

/** The names and folders assigned to the requests of one batch so far. */
interface AssignedPaths {
  readonly names: Set<string>
  readonly folders: Map<string, Promise<unknown>>
  goesOn: boolean
}

const batches = new WeakMap<object, AssignedPaths>()
/** Paths that this process is writing to now. */
const inUse = new Set<string>()

/**
 * Marks a batch that resumes an earlier run: a file that exists may belong to a request that is done, so its name is
 * not assigned again.
 */
export function continueBatch(batch: object): void {
  givenTo(batch).goesOn = true
}

function givenTo(batch: object): AssignedPaths {
  let given = batches.get(batch)
  if (given === undefined) batches.set(batch, (given = { names: new Set(), folders: new Map(), goesOn: false }))
  return given
}

export async function reserve(call: Call, clock: Clock): Promise<Reserved | Fault> {
  const { saveTo, batch } = call.plan.saving
  const given = givenTo(batch)
  let path: string
  let overwrite = false
  try {
    if (typeof saveTo === 'function') {
      const answer = await askedFor(saveTo, call, clock)
      if (isFault(answer)) return answer
      path = answer.path
      overwrite = answer.overwrite
    } else {
      const folder = resolve(saveTo ?? '.')
      // Assigned before the first await, so that names follow the order of the requests.
      path = resolve(folder, nameIn(folder, call, given))
      await folderThere(folder, given)
    }
  } catch (error) {
    return fileFault(error, typeof saveTo === 'string' ? saveTo : '.')
  }
  const id = foldedName(path)
  if (inUse.has(id)) {
    const remedy = 'Give each request its own path.'
    const taken = { cannot: `write ${path}`, because: 'another request writes to it', remedy }
    return fault('resource/file', wordsOf(taken))
  }
  inUse.add(id)
  const release = (): void => void inUse.delete(id)
  try {
    if (!overwrite) await refuseExisting(path)
  } catch (error) {
    release()
    return fileFault(error, path)
  }
  return { path, overwrite, release }
}

async function askedFor(
  saveTo: (request: SaveRequest) => unknown,
  call: Call,
  clock: Clock,
): Promise<Omit<Reserved, 'release'> | Fault> {
  const { method, url, meta, index, key, trip, plan } = call
  const failed = (why: Words, cause?: unknown): Fault => fault('callback/save_to', why, { cause })
  const limits = { trip, timeoutMs: plan.timeouts.callbackMs, clock }
  const answer = await runCallback(
    () => saveTo({ method, url, meta, index, key }),
    error => failed(`saveTo threw: ${reasonOf(error)}`, error),
    limits,
  )
  if (isFault(answer)) return answer
  const [place, overwrite] = isPlain(answer) ? [answer['path'], answer['overwrite'] === true] : [answer, false]
  if (typeof place === 'string' && place !== '' && !place.includes('\0')) return { path: resolve(place), overwrite }
  if (place instanceof URL && place.protocol === 'file:') {
    try {
      return { path: fileURLToPath(place), overwrite }
    } catch (error) {
      return failed(`saveTo: ${reasonOf(error)}`, error)
    }
  }
  return failed(wordsOf(problem('saveTo', 'a path from it', got(answer), 'Fix the function.')))
}

/** Makes the folder after its parent; once per batch. */
function folderThere(folder: string, { folders }: AssignedPaths): Promise<unknown> {
  let there = folders.get(folder)
  if (there === undefined) folders.set(folder, (there = ensureFolder(folder)))
  return there
}

async function ensureFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' })
  }
}

/** The last segment of the requested URL. Neither a redirect nor a response header can choose the name. */
function nameIn(folder: string, { path, index }: Call, { names, goesOn }: AssignedPaths): string {
  const wanted = savedName(nameOfUrl(path))
  const isTaken = (name: string): boolean =>
    names.has(pathIdOf(folder, name)) || (goesOn && pathExists(resolve(folder, name)))
  let name = wanted
  for (let more = index; isTaken(name); more++) name = numbered(wanted, more)
  names.add(pathIdOf(folder, name))
  return name
}

/** A dangling link counts as existing. */
const pathExists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

const pathIdOf = (folder: string, name: string): string => `${folder}\0${foldedName(name)}`
