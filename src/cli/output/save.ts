/** `--save`: the folder for bodies and the names of its files. A name never leaves the folder, whatever it is made from. */
import { lstatSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from '../input/jobs.ts'
import type { OutputPlan } from '../run-plan.ts'
import { UsageError } from '../usage-error.ts'
import { foldedName, nameOfUrl, numbered, savedName } from '../../config/file-name.ts'
import type { Values } from '../../config/table.ts'
import { systemReason } from '../../core/system-reason.ts'

export function savingOptions({
  save: folder,
  overwrite,
  resume,
  files,
}: OutputPlan): Pick<Values, 'returnType' | 'saveTo'> {
  if (folder === undefined) return {}
  makeFolder(folder)
  // When a run is resumed, files in the folder may belong to requests that are done.
  const goesOn = resume && files.some(({ path, format }) => format === 'jsonl' && sizeOf(path) > 0)
  const taken = new Set<string>()
  const isTaken = (name: string): boolean => taken.has(foldedName(name)) || (goesOn && isThere(join(folder, name)))
  return {
    returnType: 'file',
    saveTo({ url, key, index, meta }) {
      const { name: given, values } = meta as Place
      // Requests of a chain have the key of the row that they follow from.
      const wanted = savedName(given || (values === undefined && key) || nameOfUrl(new URL(url).pathname))
      let name = wanted
      for (let more = index; isTaken(name); more++) name = numbered(wanted, more)
      taken.add(foldedName(name))
      return { path: join(folder, name), overwrite }
    },
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder)
  } catch (error) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
    throw new UsageError(`cannot make the folder --save ${folder}: ${systemReason(error)}. Choose another.`, 74)
  }
}
