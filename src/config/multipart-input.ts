/** `multipart` as callers write it → its parts. Problems never show a value: a field may hold a token. */
import { fileURLToPath } from 'node:url'
import { isBlob, isStream } from '../core/body.ts'
import type { Chunks, BodyPart } from '../core/body.ts'
import { headerProblem } from '../core/headers.ts'
import { got, isPlain, kindOf, plainRemedy, problem } from './kinds.ts'
import { chunksOnce, isOneShot } from './one-shot.ts'
import { chunksOf, isFormData } from './raw-body.ts'
import type { Problem } from '../core/problem.ts'
import { CONTROL } from '../core/url.ts'

export interface ReadPart extends BodyPart {
  /** False for an open stream. */
  readonly replayable: boolean
  /** The content, if it is a stream that can be read only once. */
  readonly stream?: Chunks
}

const VALUES = 'a string, number, boolean, bytes, a Blob, { path } or { data }'

type Entry = readonly [name: string, value: unknown]

export function readMultipart(given: unknown, name: string, problems: Problem[]): readonly ReadPart[] | undefined {
  const entries = entriesOf(given, name, problems)
  if (entries === undefined) return undefined
  const before = problems.length
  const parts: ReadPart[] = []
  for (const [field, value] of entries) {
    // Control characters could end the line and begin another header.
    if (CONTROL.test(field)) {
      problems.push(
        problem(name, 'names without control characters', JSON.stringify(field.slice(0, 80)), 'Rename the field.'),
      )
      continue
    }
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one === undefined || one === null) continue
      const part = readPart(field, one, `${name}.${field}`, problems)
      if (part !== undefined) parts.push(part)
    }
  }
  return problems.length === before ? parts : undefined
}

function entriesOf(given: unknown, name: string, problems: Problem[]): readonly Entry[] | undefined {
  if (isFormData(given)) return [...given]
  if (isPlain(given)) return Object.entries(given)
  if (Array.isArray(given)) {
    const wrong = given.findIndex(pair => !Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string')
    if (wrong === -1) return given as Entry[]
    problems.push(problem(`${name}[${wrong}]`, 'a pair', kindOf(given[wrong]), "Write it as ['name', value]."))
    return undefined
  }
  problems.push(problem(name, 'a FormData, an object or an array of pairs', kindOf(given), plainRemedy(given)))
  return undefined
}

function readPart(field: string, value: unknown, name: string, problems: Problem[]): ReadPart | undefined {
  const plain = { name: field, filename: undefined, type: undefined, replayable: true }
  if (typeof value === 'string') return { ...plain, content: asField(value) }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    problems.push(problem(name, VALUES, String(value), 'Use null to leave it out.'))
    return undefined
  }
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return { ...plain, content: String(value) }
  }
  if (!isPlain(value)) return readFilePart(plain, value, {}, name, problems)
  const { path, data, ...rest } = value
  if ((path === undefined) === (data === undefined)) {
    problems.push(problem(name, VALUES, kindOf(value), 'Give one of path and data; other values as a string.'))
    return undefined
  }
  const given = path === undefined ? data : readPath(path, name, problems)
  return given === undefined ? undefined : readFilePart(plain, given, rest, name, problems)
}

/** A file by its path. A class, so that no object of a caller is mistaken for it. */
class PathOf {
  readonly path: string
  constructor(path: string) {
    this.path = path
  }
}

function readPath(path: unknown, name: string, problems: Problem[]): PathOf | undefined {
  if (path instanceof URL && path.protocol === 'file:' && path.host === '') {
    return new PathOf(fileURLToPath(path))
  }
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return new PathOf(path)
  problems.push(problem(`${name}.path`, 'the path of a file', kindOf(path), "Write it as './photo.jpg'."))
  return undefined
}

type Plain = Pick<ReadPart, 'name'>

function readFilePart(
  plain: Plain,
  given: unknown,
  { filename, type, bytes, ...unknown }: Readonly<Record<string, unknown>>,
  name: string,
  problems: Problem[],
): ReadPart | undefined {
  const before = problems.length
  for (const field of Object.keys(unknown)) {
    const known = 'one of path, data, filename, type and bytes'
    problems.push(problem(`${name}.${field}`, known, 'an unknown name', 'Leave it out.'))
  }
  const content = readContent(given, bytes, name, problems)
  if (filename !== undefined && filename !== null && (typeof filename !== 'string' || CONTROL.test(filename))) {
    const shown = typeof filename === 'string' ? 'one with control characters' : kindOf(filename)
    problems.push(problem(`${name}.filename`, 'a name without control characters', shown, 'Rename the file.'))
  }
  const ownType = typeof type === 'string' || type !== undefined ? type : isBlob(given) ? given.type : undefined
  if (ownType !== undefined && (typeof ownType !== 'string' || headerProblem('content-type', ownType) !== undefined)) {
    problems.push(problem(`${name}.type`, 'a media type', kindOf(ownType), "Write it as 'image/jpeg'."))
  }
  const ownName = filename ?? fileNameOf(given)
  if (typeof ownName === 'string' && CONTROL.test(ownName) && filename === undefined) {
    problems.push(
      problem(
        `${name}.filename`,
        'a name without control characters',
        'one with control characters',
        'Add a filename.',
      ),
    )
  }
  if (problems.length > before || content === undefined) return undefined
  return {
    name: plain.name,
    filename: filename === null ? undefined : (ownName as string),
    type: (ownType as string | undefined) || (filename === null ? undefined : 'application/octet-stream'),
    content,
    replayable: !isStream(given),
    ...(isOneShot(given) && { stream: given }),
  }
}

function readContent(
  given: unknown,
  bytes: unknown,
  name: string,
  problems: Problem[],
): BodyPart['content'] | undefined {
  if (bytes !== undefined && !(Number.isInteger(bytes) && (bytes as number) >= 0)) {
    problems.push(problem(`${name}.bytes`, 'an integer ≥ 0', got(bytes), 'Leave it out where it is not known.'))
  }
  if (typeof given === 'string' || given instanceof Uint8Array || isBlob(given)) return given
  if (given instanceof PathOf) return { path: given.path }
  if (given instanceof ArrayBuffer) return new Uint8Array(given)
  if (isStream(given) || typeof given === 'function') {
    const open = typeof given === 'function' ? () => chunksOf((given as () => unknown)()) : () => chunksOnce(given)
    return { open, bytes: bytes as number | undefined }
  }
  problems.push(problem(name, VALUES, kindOf(given), 'Turn it into a string first.'))
  return undefined
}

/** The name that browsers use for a blob without a name. */
function fileNameOf(given: unknown): string {
  if (given instanceof PathOf) return given.path.replace(/^.*[\\/]/s, '')
  const { name } = given as { name?: unknown }
  return isBlob(given) && typeof name === 'string' ? name : 'blob'
}

/** The HTML standard writes every line break of a field as CRLF. */
const asField = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n')
