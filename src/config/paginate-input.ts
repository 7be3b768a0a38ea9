/** `paginate`: a style by its name, or with its fields. A field that the style does not use is refused. */
import { PAGE_STYLES } from '../core/pagination.ts'
import type { PageStyle, PaginatePlan, Path } from '../core/pagination.ts'
import type { Problem } from '../core/problem.ts'
import type { Words, WordsPart } from '../core/words.ts'
import { checkFields, count, isPlain, matching, oneOf, plainRemedy, problem, got } from './kinds.ts'
import type { Read } from './kinds.ts'

export interface PaginateInput {
  readonly plan: PaginatePlan
  /** Undefined if `paginate` does not say it; the option `items` may. */
  readonly items: Path | undefined
}

const FIELDS = ['style', 'next', 'param', 'total', 'size', 'sizeParam', 'items'] as const
type Field = (typeof FIELDS)[number]

/** The fields that a style uses, besides `style` and `items`. */
const USED: Readonly<Record<PageStyle, readonly Field[]>> = {
  link: ['size', 'sizeParam'],
  cursor: ['next', 'param', 'size', 'sizeParam'],
  offset: ['param', 'total', 'size', 'sizeParam'],
  page: ['param', 'total', 'size', 'sizeParam'],
  odata: [],
  'json-api': ['size', 'sizeParam'],
  mediawiki: ['size', 'sizeParam'],
  elasticsearch: ['size', 'sizeParam'],
  relay: ['next', 'param', 'size', 'sizeParam'],
  auto: ['size', 'sizeParam'],
}

/** Styles in which no field for the size is usual. */
const NAMES_ITS_SIZE: ReadonlySet<PageStyle> = new Set(['mediawiki', 'auto'])

const readStyle = oneOf(PAGE_STYLES)

/** A path as JMESPath, or a function. Whether a text compiles is found out when it is opened. */
export const readPath: Read<Path> = matching(
  'a path of JMESPath or a function',
  (value): value is Path => typeof value === 'function' || (typeof value === 'string' && value.trim() !== ''),
  "Write it as 'data.items'.",
)
const readName = matching(
  'the name of a field of the request',
  (value): value is string => typeof value === 'string' && value.trim() !== '',
  "Write it as 'cursor'.",
)
const readSize = count(1, 'Leave it out for the default of the server.', false)

export const readPaginate: Read<PaginateInput> = (value, name, problems) => {
  if (typeof value === 'string') return readNamed(value, name, problems)
  if (!isPlain(value)) {
    const expected = "a style such as 'link', or an object with style"
    problems.push(
      problem(
        name,
        expected,
        got(value),
        typeof value === 'object' ? plainRemedy(value) : "Write 'link', or { style: 'cursor', next: …, param: … }.",
      ),
    )
    return undefined
  }
  const before = problems.length
  checkFields(value, FIELDS, name, problems)
  const style = readStyle(value['style'], `${name}.style`, problems)
  if (style === undefined) return undefined
  const optional = <T>(field: Field, read: Read<T>): T | undefined =>
    value[field] === undefined ? undefined : read(value[field], `${name}.${field}`, problems)
  const plan: PaginatePlan = {
    style,
    next: optional('next', readPath),
    param: optional('param', readName),
    total: optional('total', readPath) as Path<number> | undefined,
    size: optional('size', readSize),
    sizeParam: optional('sizeParam', readName),
  }
  const items = optional('items', readPath)
  checkUse(value, style, name, problems)
  return problems.length === before ? { plan, items } : undefined
}

function readNamed(value: string, name: string, problems: Problem[]): PaginateInput | undefined {
  const named = readStyle(value, name, problems)
  if (named === undefined) return undefined
  // Where the cursor is, nobody has said: it is looked for.
  const style = named === 'cursor' ? 'auto' : named
  const plan = { style, next: undefined, param: undefined, total: undefined, size: undefined, sizeParam: undefined }
  return { plan, items: undefined }
}

const NEXT_REMEDY: Words = [
  'Set ',
  { option: 'paginate.next' },
  ' to where the cursor is, and ',
  { option: 'paginate.param' },
  ' to the field that takes it',
  { inCode: ": { style: 'cursor', next: 'meta.next_cursor', param: 'cursor' }" },
  '.',
]

const usesOf = (used: readonly Field[]): Words => [
  'It uses ',
  ...used.flatMap((field): WordsPart[] => [{ option: `paginate.${field}` }, ', ']),
  { option: 'items' },
  '.',
]

function checkUse(value: Record<string, unknown>, style: PageStyle, name: string, problems: Problem[]): void {
  const used = USED[style]
  const isGiven = (field: Field): boolean => value[field] !== undefined
  for (const field of FIELDS) {
    if (field === 'style' || field === 'items' || used.includes(field) || !isGiven(field)) continue
    const remedy = used.length === 0 ? 'Leave it out.' : usesOf(used)
    problems.push(problem(`${name}.${field}`, `a field that the style '${style}' uses`, 'one that it does not', remedy))
  }
  if (style === 'cursor' && !isGiven('next')) {
    problems.push(problem(`${name}.next`, 'a path to the cursor or to the next URL', 'none', NEXT_REMEDY))
  }
  if (!used.includes('size')) return
  if (isGiven('sizeParam') && !isGiven('size')) {
    problems.push(
      problem(`${name}.sizeParam`, 'a size beside it', 'none', [
        'Set ',
        { option: 'paginate.size' },
        ', or leave it out.',
      ]),
    )
  }
  if (isGiven('size') && !isGiven('sizeParam') && NAMES_ITS_SIZE.has(style)) {
    const remedy = 'Name the field of the request that takes the size.'
    problems.push(problem(`${name}.sizeParam`, `a name, since the style '${style}' has no usual one`, 'none', remedy))
  }
}
