/** Files that a pasted command names with `@`. They are read with the command, because curl reads them before it sends. */
import { readFileSync } from 'node:fs'
import { UsageError } from '../usage-error.ts'
import { reasonOf } from '../../core/callback.ts'

/** @param option its name, for the message: `--data` */
export function curlFile(path: string, option: string): Uint8Array {
  checkPath(path, option)
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError(`--curl: ${option}: cannot read ${path}: ${reasonOf(error)}`)
  }
}

export function checkPath(path: string, option: string): void {
  if (path === '-') {
    throw new UsageError(`--curl: ${option}: expected a file, got standard input. Give the file with --body @FILE.`)
  }
  if (path === '') throw new UsageError(`--curl: ${option}: expected the name of a file after '@', got none.`)
}
