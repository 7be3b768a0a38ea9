/** The options of `returnType: 'file'`: where bodies are saved, and the checksum that they must have. */
import { fileURLToPath } from 'node:url'
import { got, matching, problem } from '../kinds.ts'
import type { Read } from '../kinds.ts'
import { option, part } from '../option.ts'
import type { Values } from '../table.ts'
import type { SavingPlan } from '../../core/call.ts'
import type { Problem } from '../../core/problem.ts'
import type { ReturnTypeName, SaveTo } from '../../core/spec.ts'

/** A folder, or a function that returns the path. */
const readSaveTo: Read<Exclude<SaveTo, URL>> = (value, name, problems) => {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  if (typeof value === 'function') return value as Exclude<SaveTo, URL | string>
  if (value instanceof URL && value.protocol === 'file:') {
    try {
      return fileURLToPath(value)
    } catch {
      // A host, or a slash within a name: no path of this system.
    }
  }
  const remedy = "Write it as './downloads', or as request => path."
  problems.push(problem(name, 'a folder, or a function that returns a path', got(value), remedy))
  return undefined
}

/** Number of hexadecimal digits by algorithm. */
const DIGITS: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 }
const CHECKSUM = /^(md5|sha1|sha256|sha512):([0-9a-f]+)$/i

export const readChecksum: Read<string> = (value, name, problems) => {
  const read = matching(
    "a checksum such as 'sha256:9f86d0…' (sha256, sha512, sha1 or md5, in hexadecimal)",
    (given): given is string => {
      const [, algorithm = '', digits = ''] = CHECKSUM.exec(typeof given === 'string' ? given : '') ?? []
      return digits.length > 0 && digits.length === DIGITS[algorithm.toLowerCase()]
    },
    'Give all of its digits.',
  )(value, name, problems)
  return read?.toLowerCase()
}

export const FOLDER_IN_SYNC = {
  expected: 'a folder',
  remedy: 'A function cannot run while the thread is blocked.',
}

export const FILE_OPTIONS = {
  saveTo: option({
    scope: 'any',
    plan: 'part',
    perSpec: true,
    read: readSaveTo,
    crosses: 'plain',
    inSync: saveTo => (typeof saveTo === 'function' ? FOLDER_IN_SYNC : undefined),
    doc: "With `returnType: 'file'`: the folder that bodies are saved in, or a function that returns a path.",
  }),
  checksum: option({
    scope: 'any',
    plan: 'part',
    perSpec: true,
    read: readChecksum,
    crosses: 'plain',
    doc: "With `returnType: 'file'`: the expected checksum of the body, as `'sha256:<hex>'`.",
  }),
}

export const CALL_FILES = {
  saving: part(['saveTo', 'checksum'], ({ saveTo, checksum }: Values, base?: SavingPlan): SavingPlan => ({
    saveTo,
    checksum,
    batch: base?.batch ?? {},
  })),
}

export function checkSaving(
  returnType: ReturnTypeName,
  own: { readonly checksum?: unknown },
  problems: Problem[],
): void {
  if (returnType !== 'file' && own.checksum !== undefined) problems.push(NOT_A_FILE)
}

export const NO_SAVE_TO = problem('returnType', [{ option: 'saveTo' }, " beside 'file'"], 'none', [
  'Give ',
  { option: 'saveTo', value: './downloads' },
  ' in the options, or in the request.',
])

const NOT_A_FILE = problem(
  'checksum',
  "returnType 'file' beside it",
  'another one',
  'It checks saved bodies: leave it out.',
)
