/**
 * How a file is made that takes the place of another, or a place where nothing is: exclusively, never through a link, and
 * under a name of its own until it is whole. Whatever is replaced stays untouched until then.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, constants, lstatSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { link, lstat, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

// Windows has no such flag and needs none: there O_EXCL does not follow links.
const { O_CREAT, O_EXCL, O_RDWR } = constants
export const NEW = O_RDWR | O_CREAT | O_EXCL | ((constants as { O_NOFOLLOW?: number }).O_NOFOLLOW ?? 0)

/** A name for the file that will replace the one of this path: `<path>.part`, or a longer one where that is taken. */
export function partNameOf(path: string): string {
  const part = `${path}.part`
  return isFree(part) ? part : `${path}.${randomUUID().slice(0, 8)}.part`
}

const HEX_PART = /^\.[0-9a-f]{8}\.part$/

/**
 * Removes what killed runs left for this path under their longer names; `<path>.part` stays, since it may be anybody's.
 * To be called by whoever holds the lock of the path.
 */
export function removeLeftParts(path: string): void {
  const [folder, name] = [dirname(path), basename(path)]
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.startsWith(name) || !HEX_PART.test(entry.name.slice(name.length))) continue
    rmSync(join(folder, entry.name), { force: true })
  }
}

/** A dangling link counts as taken. */
const isFree = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) === undefined

/** An empty file where nothing was, for its owner alone. Throws EEXIST. */
export function makeEmpty(path: string): void {
  closeSync(openSync(path, NEW, 0o600))
}

/** Device and inode: the same file under any name. */
export function identityOf(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev} ${stats.ino}`
}

/** Gives the file its name, if it is still the one that was made. */
export function putInPlace(part: string, path: string, identity: string | undefined): void {
  if (identity === undefined || identityOf(part) !== identity) {
    throw systemError('ESTALE', `${part} has been moved, deleted or replaced during the run, and ${path} is as it was`)
  }
  renameSync(part, path)
}

/** A hard link fails where the name is taken, a rename does not. File systems without hard links get a check and a rename. */
export async function moveToFree(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    await refuseExisting(to)
    return rename(from, to)
  }
  await rm(from)
}

/** Throws EEXIST for anything that has the name, a dangling link included. */
export async function refuseExisting(path: string): Promise<void> {
  const existing = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (existing !== undefined) throw systemError('EEXIST', 'file already exists')
}

export function systemError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}
