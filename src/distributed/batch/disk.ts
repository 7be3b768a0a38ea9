/** Files of a batch that appear whole or not at all, under a name that no other process has taken. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join, basename } from 'node:path'

/** File systems without hard links say one of these. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

export const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code

/**
 * Makes a folder, and those above it that are missing. One at a time, because Node 24 with `recursive` does not come back
 * from file systems that take no folders.
 */
export function makeFolders(path: string, make: (path: string) => void = mkdirSync): void {
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) makeFolders(parent, make)
  try {
    make(path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    if (codeOf(error) !== 'ENOENT') throw error
    throw new Error(`the file system of ${parent} takes no new folders (ENOENT)`, { cause: error })
  }
}

/** Makes a folder in one that exists. Rejects with ENOENT if that is gone: it may be the place of a mount. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/**
 * Writes a file beside its place, syncs it, and gives it its name. Resolves with false if the name is taken: the file
 * that has it is never replaced. When it resolves, file and name are on the disk.
 */
export async function createWhole(path: string, write: (file: FileHandle) => Promise<void>): Promise<boolean> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    try {
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
    const isOurs = await take(temporary, path)
    await syncFolder(dirname(path))
    return isOurs
  } finally {
    await unlink(temporary).catch(() => undefined)
  }
}

async function take(temporary: string, path: string): Promise<boolean> {
  try {
    // Not rename(), which would replace the file of another process.
    await link(temporary, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    if (!NO_LINKS.has(codeOf(error))) throw error
    await rename(temporary, path)
    return true
  }
}

/** Syncs of folders that run, and those that wait for them to end. */
const syncing = new Map<string, { readonly running: Promise<void>; next: Promise<void> | undefined }>()

/** Puts the names in a folder on the disk. What is asked for during a sync shares the next one. */
export function syncFolder(path: string): Promise<void> {
  const there = syncing.get(path)
  if (there !== undefined) return (there.next ??= there.running.then(again, again))
  const running = syncOnce(path).finally(() => syncing.delete(path))
  syncing.set(path, { running, next: undefined })
  return running

  function again(): Promise<void> {
    return syncFolder(path)
  }
}

async function syncOnce(path: string): Promise<void> {
  // Windows cannot open folders, and need not.
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
