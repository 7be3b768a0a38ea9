/**
 * Reads `-F` and `--form-string` as parts of a multipart body, as curl does: it removes the quotes around a value, `@`
 * attaches a file, `<` sends the text of a file, and `;type=` and `;filename=` describe the part. Postman writes every
 * field in quotes.
 */
import type { Given } from './arguments.ts'
import { wordText } from './data.ts'
import { checkPath } from './files.ts'
import { UsageError } from '../usage-error.ts'

export interface CurlPart {
  readonly name: string
  /** With `path`, the bytes of that file are sent. */
  readonly value: { readonly text: string } | { readonly path: string }
  /** Undefined for a field. */
  readonly filename: string | undefined
  readonly type: string | undefined
}

/** Undefined if the command has no form. */
export function curlForm(options: readonly Given[]): CurlPart[] | undefined {
  const parts = options.flatMap(({ name, value }) =>
    name === 'form' || name === 'form-string' ? [partOf(wordText(value, `--${name}`), name === 'form-string')] : [],
  )
  return parts.length === 0 ? undefined : parts
}

function partOf(field: string, isLiteral: boolean): CurlPart {
  const [, name, value = ''] = /^([^=]+)=([^]*)$/.exec(field) ?? []
  if (name === undefined) throw refusedField("one without a name or '='", "Write it as 'name=value'.")
  // oxlint-disable-next-line no-control-regex -- a line end could end the header of a part
  if (/[\x00-\x1f\x7f]/.test(name)) throw refusedField('a name with control characters', 'Rename the field.')
  if (isLiteral) return { name, value: { text: value }, filename: undefined, type: undefined }
  if (value.startsWith('=') || value.startsWith('('))
    throw refusedField('nested parts', 'preq sends fields and files only.')
  if (value.startsWith('@')) return filePart(name, value.slice(1))
  if (value.startsWith('<')) {
    const { text, filename, type } = read(value.slice(1), 'file')
    if (filename !== undefined) throw refusedField("';filename=' of a text", "Write '@' for a file.")
    checkPath(text, '--form')
    return { name, value: { path: text }, filename: undefined, type }
  }
  const { text, filename, type } = read(value, 'text')
  if (filename !== undefined) throw refusedField("';filename=' of a text", "Write '@' for a file.")
  return { name, value: { text }, filename: undefined, type }
}

function filePart(name: string, value: string): CurlPart {
  const { text, filename, type } = read(value, 'file')
  checkPath(text, '--form')
  const own = filename ?? text.replace(/^.*[\\/]/s, '')
  return {
    name,
    value: { path: text },
    filename: own,
    type: type ?? typeOf(own) ?? typeOf(text) ?? 'application/octet-stream',
  }
}

/** curl's own list. */
const TYPES: Readonly<Record<string, string>> = {
  gif: 'image/gif',
  htm: 'text/html',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  xml: 'application/xml',
}

const typeOf = (name: string): string | undefined => TYPES[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '']

interface Value {
  readonly text: string
  readonly filename: string | undefined
  readonly type: string | undefined
}

/** Reads a value and the `;name=value` pairs after it. Each value may be in quotes. */
function read(value: string, kind: 'text' | 'file'): Value {
  const [text, rest] = word(value, kind === 'file' ? /^[^;,]*/ : /^[^;]*/)
  let left = rest
  let filename: string | undefined
  let type: string | undefined
  while (left !== '') {
    const [, key = '', after = ''] = /^;\s*(type|filename)=([^]*)$/.exec(left) ?? []
    if (key === '') {
      throw refusedField(
        left.startsWith(',') ? 'several files in one part' : "a value with ';' or other syntax of curl",
        left.startsWith(',')
          ? 'Write one -F for each.'
          : `Put the value into double quotes, inside of the single ones: 'name="…"'.`,
      )
    }
    if (key === 'filename') [filename, left] = word(after, /^[^;]*/)
    else [type, left] = typeIn(after)
  }
  return { text, filename, type }
}

/** Reads a quoted value, in which `\"` and `\\` are escapes, or what `bare` matches, without the blanks around it. */
function word(value: string, bare: RegExp): [text: string, rest: string] {
  const [whole, quoted] = /^[ \t\n\v\f\r]*"((?:[^"\\]|\\[^])*)"[ \t\n\v\f\r]*/.exec(value) ?? []
  if (whole !== undefined && quoted !== undefined) {
    const rest = value.slice(whole.length)
    if (/^[^;,]/.test(rest)) throw refusedField('text after a value in quotes', 'curl would drop it. Leave it out.')
    return [quoted.replaceAll(/\\([\\"])/g, '$1'), rest]
  }
  if (/^[ \t\n\v\f\r]*"/.test(value)) throw refusedField('an open quote', 'Paste the whole command.')
  const [text = ''] = bare.exec(value) ?? []
  return [text.replaceAll(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, ''), value.slice(text.length)]
}

/** Reads a media type, which may have parameters: `text/plain;charset=utf-8`. */
function typeIn(value: string): [type: string, rest: string] {
  const [type] =
    /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:;\s*(?!type=|filename=|headers=|encoder=)[\w-]+=[\w.+-]+)*/.exec(value) ?? []
  if (type === undefined) throw refusedField("a ';type=' without a media type", "Write it as 'type=text/plain'.")
  return [type, value.slice(type.length)]
}

const refusedField = (what: string, remedy: string): UsageError =>
  new UsageError(`--curl: -F: expected fields that preq sends as curl does, got ${what}. ${remedy}`)
