/**
 * Creates a file that replaces another one, or a new one: exclusively, never through a link, and under a temporary name
 * until it is complete. The replaced file stays untouched until then.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, constants, lstatSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { link, lstat, open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

// Windows has no such flag and does not need it: O_EXCL does not follow links there.
const { O_CREAT, O_EXCL, O_RDWR } = constants
export const NEW = O_RDWR | O_CREAT | O_EXCL | ((constants as { O_NOFOLLOW?: number }).O_NOFOLLOW ?? 0)

/** A temporary name for the file that will replace `path`: `<path>.part`, or a longer one if that exists. */
export function partNameOf(path: string): string {
  const part = `${path}.part`
  return isFree(part) ? part : `${path}.${randomUUID().slice(0, 8)}.part`
}

const HEX_PART = /^\.[0-9a-f]{8}\.part$/

/**
 * Removes what killed runs left for this path under the longer names. `<path>.part` stays, because another program may
 * have made it. The caller MUST hold the lock of the path.
 */
export function removeLeftParts(path: string): void {
  const [folder, name] = [dirname(path), basename(path)]
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.startsWith(name) || !HEX_PART.test(entry.name.slice(name.length))) continue
    rmSync(join(folder, entry.name), { force: true })
  }
}

/** A dangling link counts as existing. */
const isFree = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) === undefined

/** Creates an empty file that only its owner can read. Throws EEXIST if the path exists. */
export function makeEmpty(path: string): void {
  closeSync(openSync(path, NEW, 0o600))
}

/**
 * Opens a new file for writing. What an earlier process left under this name is removed first: it is unknown which
 * content it belongs to. Never follows a link or writes into an existing file.
 */
export async function openNew(part: string): Promise<FileHandle> {
  try {
    return await open(part, NEW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await rm(part)
    return open(part, NEW)
  }
}

/** Device and inode, which are the same under any name of the file. */
export function fileIdentity(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev} ${stats.ino}`
}

/** Renames the file if it is still the one that was created. */
export function putInPlace(part: string, path: string, identity: string | undefined): void {
  if (identity === undefined || fileIdentity(part) !== identity) {
    throw systemError('ESTALE', `${part} has been moved, deleted or replaced during the run, and ${path} is unchanged`)
  }
  renameSync(part, path)
}

/** A hard link fails if the name exists; a rename does not. Without hard links, we check first and then rename. */
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

/** Throws EEXIST if anything has this name, even a dangling link. */
export async function refuseExisting(path: string): Promise<void> {
  const existing = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (existing !== undefined) throw systemError('EEXIST', 'file already exists')
}

export function systemError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}
