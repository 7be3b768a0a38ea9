/**
 * Reads a test file of curl: its sections, with variables, functions and line ends expanded. The format is described in
 * curl's docs/tests/FILEFORMAT.md.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Section {
  readonly attributes: string
  /** Latin-1. */
  readonly text: string
}

export interface CurlFile {
  /** The first section of this name: `data`, `command`, `errorcode`. */
  section(name: string): Section | undefined
}

export interface Variables {
  readonly number: string
  readonly port: string
  /** The folder that `%SRCDIR` stands for. */
  readonly sources: string
}

const SECTION = /^[ \t]*<(?<name>[a-z]+\d*)(?<attributes>(?: [^>]*)?)>\n(?<text>[^]*?)^[ \t]*<\/\k<name>>$/gm
/** Sections that hold sections and no text. */
const GROUPS: ReadonlySet<string> = new Set(['testcase', 'info', 'reply', 'client', 'verify'])

export function readCurlFile(content: string, variables: Variables): CurlFile {
  const sections = new Map<string, Section>()
  const read = (text: string): void => {
    for (const { groups = {} } of text.matchAll(SECTION)) {
      const { name = '', attributes = '', text: inside = '' } = groups
      if (GROUPS.has(name)) read(inside)
      else if (!sections.has(name)) sections.set(name, { attributes, text: inside })
    }
  }
  read(withoutConditions(content))
  return {
    section: name => {
      const raw = sections.get(name)
      return raw && { ...raw, text: expanded(raw, variables) }
    },
  }
}

/** Features of the machine that the tests run on: not Windows, and the newest version of everything else. */
const isThere = (feature: string): boolean =>
  feature.startsWith('!') ? !isThere(feature.slice(1)) : feature !== 'win32'

/** `%if FEATURE`, `%else` and `%endif` are lines of their own and do not nest. */
function withoutConditions(content: string): string {
  const taken: string[] = []
  let isTaken = true
  for (const line of content.split('\n')) {
    const feature = /^%if (\S+)/.exec(line)?.[1]
    if (feature !== undefined) isTaken = isThere(feature)
    else if (line.startsWith('%else')) isTaken = !isTaken
    else if (line.startsWith('%endif')) isTaken = true
    else if (isTaken) taken.push(line)
  }
  return taken.join('\n')
}

const CHARS: Readonly<Record<string, string>> = {
  CR: '\r',
  LT: '<',
  GT: '>',
  AMP: '&',
  SP: ' ',
  TAB: '\t',
  EMPTY: '',
}

/** Expands functions first, from the inside out: the result of one may be the argument of the next. */
function expanded({ text, attributes }: Section, { number, port, sources }: Variables): string {
  const filled = text
    .replaceAll('%HOSTIP', '127.0.0.1')
    .replaceAll('%HTTPPORT', port)
    .replaceAll('%TESTNUMBER', number)
    .replaceAll('%VERSION', '8.0.0')
    .replaceAll('%LOGDIR', 'log')
    .replace(/^%includetext %SRCDIR\/(.*?)%\n/gm, (_, path: string) => readFileSync(join(sources, path), 'latin1'))
    .replace(/%hex\[(.*?)\]hex%/gs, (_, inside: string) => bytesOf(inside))
    .replace(/%repeat\[(\d+) x (.*?)\]%/gs, (_, times: string, inside: string) => bytesOf(inside).repeat(Number(times)))
    .replace(/%b64\[(.*?)\]b64%/gs, (_, inside: string) => Buffer.from(bytesOf(inside), 'latin1').toString('base64'))
  const lines = withLineEnds(filled, attributes).replace(
    /%(CR|LT|GT|AMP|SP|TAB|EMPTY)/g,
    (_, name: string) => CHARS[name] as string,
  )
  return attributes.includes('nonewline="yes"') ? lines.replace(/\r?\n$/, '') : lines
}

/** `%0a` is a byte; other characters stand for themselves. */
const bytesOf = (text: string): string =>
  text.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))

const HEAD_LINE = /^HTTP\/(?:1\.1|1\.0|2|3) [1-5][^\r]*$/
const FIELD_LINE = /^[\w-]+: [^\r]*$/i

/** `crlf="yes"` applies to all lines, `crlf="headers"` to the lines of heads and the blank ones after them. */
function withLineEnds(text: string, attributes: string): string {
  if (attributes.includes('crlf="yes"')) return text.replace(/\r*\n/g, '\r\n')
  if (!attributes.includes('crlf="headers"')) return text
  let isHead = false
  return text
    .split('\n')
    .map((line, i, { length }) => {
      const isLast = i === length - 1
      const wasHead = isHead
      isHead = HEAD_LINE.test(line) || (wasHead && FIELD_LINE.test(line))
      return !isLast && (isHead || (wasHead && line === '')) ? `${line}\r` : line
    })
    .join('\n')
}
