/** The page docs/reference/options.md, made from the option table and the doc comments of the types. */
import { declarations } from './declarations.ts'
import type { Declaration, Doc, Field } from './declarations.ts'
import { FLAG_NAMES, flagOf } from '../../src/cli/flags.ts'
import type { FlagOption } from '../../src/cli/flag.ts'
import { printedDefault } from '../../src/config/literal.ts'
import type { AnyOption, Scope } from '../../src/config/option.ts'
import { OPTIONS } from '../../src/config/table.ts'

const PLACES: Readonly<Record<Scope, string>> = { client: 'client', call: 'call', any: 'client, call' }
const ONLY = { stream: 'stream', request: 'call, not stream', drain: 'drain' }

/** Where the type of an option is declared. The first one that has it counts. */
const HOLDERS = [
  'ClientOptions',
  'ClientSettings',
  'SharedOptions',
  'ConnectionOptions',
  'ProxyOptions',
  'RequestOptions',
  'CallSettings',
  'ResumeOptions',
  'FollowLimits',
  'FollowOptions',
  'ShapeOptions',
  'ValueOptions',
  'StreamOptions',
  'DrainOptions',
]

const INTRODUCTION = `<!-- Made by \`npm run docs\` of src/config/options/ and the doc comments: edit them there. -->
# Options

A number of time is milliseconds; a string carries a unit: \`'250ms'\`, \`'10s'\`, \`'1m30s'\`. "where" says whether an option
belongs to a client, to a call, to a stream or to a single request (spec). \`parallelRequests\` takes the options of a client
and of a call. A value in a request replaces that of the call, which replaces that of the client.

A mistake in the options throws a \`ConfigError\` that names every problem at once, and nothing is sent. A mistake in one
request fails that request alone, with [\`invalid_request/…\`](errors.md#invalid_request).

## All options`

/** The whole page. */
export function optionsPage(): string {
  const declared = declarations()
  const shapes = shapesOf(declared)
  const links = new Set(shapes.map(({ name }) => name))
  return (
    [
      INTRODUCTION,
      optionTable(),
      ...Object.entries<AnyOption>(OPTIONS).map(([name, option]) =>
        section(name, option, fieldOf(name, declared), links),
      ),
      '## Shapes',
      'Types that several options share.',
      ...shapes.map(shape => shapeSection(shape, links)),
    ].join('\n\n') + '\n'
  )
}

/** The option table as Markdown, in the order of its entries. */
export function optionTable(options: Readonly<Record<string, AnyOption>> = OPTIONS): string {
  const head = ['| option | default | unit | where | meaning |', '|---|---|---|---|---|']
  return [...head, ...Object.entries(options).map(line)].join('\n')
}

function line([name, option]: readonly [string, AnyOption]): string {
  const cells = [
    `[\`${name}\`](#${name.toLowerCase()})`,
    printedDefault(option),
    option.unit,
    placeOf(option),
    option.doc,
  ]
  return row(cells)
}

const row = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`

const placeOf = ({ only, scope, perSpec }: AnyOption): string =>
  `${only === undefined ? PLACES[scope] : ONLY[only]}${perSpec ? ', spec' : ''}`

/** The declared field of an option. @throws when no type has it */
export function fieldOf(name: string, declared: ReadonlyMap<string, Declaration>): Field {
  const field = HOLDERS.flatMap(holder => declared.get(holder)?.fields ?? []).find(one => one.name === name)
  if (field === undefined) throw new Error(`${name}: expected a field in one of ${HOLDERS.join(', ')}, found none.`)
  return field
}

function section(name: string, option: AnyOption, field: Field, links: ReadonlySet<string>): string {
  const facts = [
    ['type', linked(field.type, links)],
    ['default', printedDefault(option)],
    ['unit', option.unit],
    ['where', placeOf(option)],
    ['`0`', limitOf(option, 0)],
    ['`Infinity`', limitOf(option, Infinity)],
    ['flag', flagsOf(name).join(', ')],
  ].filter(([, value]) => value !== '' && value !== '–')
  return [
    `### ${name}`,
    describe(field.doc) || option.doc,
    facts.map(([fact, value]) => `- **${fact}**: ${value}`).join('\n'),
    ...examples(field.doc),
  ].join('\n\n')
}

const describe = (doc: Doc | undefined): string => doc?.text ?? ''

const examples = (doc: Doc | undefined): string[] =>
  doc === undefined || doc.examples.length === 0 ? [] : [`\`\`\`ts\n${doc.examples.join('\n')}\n\`\`\``]

/** Whether an option that is a number accepts 0 or Infinity: read with its own reader. Empty if it takes no number. */
export function limitOf(option: AnyOption, value: number): string {
  const takes = (given: unknown): boolean => option.read(given, 'x', []) !== undefined
  if (option.unit === '–' || !takes(1_000)) return ''
  return takes(value) ? 'allowed' : 'a `ConfigError`'
}

/** The flags that set the option, or a field of it. */
function flagsOf(name: string): string[] {
  const sets = (option: FlagOption | undefined): boolean =>
    Array.isArray(option)
      ? option.some(sets)
      : (typeof option === 'string' ? option : (option as { option?: string } | undefined)?.option)?.split('.')[0] ===
        name
  return FLAG_NAMES.filter(flag => sets(flagOf(flag).option)).map(flag => `\`--${flag}\``)
}

/** A type in code, with links to the shapes that it names. */
function linked(type: string, links: ReadonlySet<string>): string {
  const named = [...new Set(type.match(/\b[A-Z]\w+/g) ?? [])].filter(name => links.has(name))
  const see = named.map(name => `[${name}](#type-${name.toLowerCase()})`)
  return `\`${type}\`${see.length === 0 ? '' : ` (${see.join(', ')})`}`
}

/** The types that options name, and the types that these name in turn, in the order of their names. */
function shapesOf(declared: ReadonlyMap<string, Declaration>): Declaration[] {
  const found = new Set<string>()
  const visit = (type: string): void => {
    for (const name of type.match(/\b[A-Z]\w+/g) ?? []) {
      const shape = declared.get(name)
      if (shape === undefined || found.has(name)) continue
      found.add(name)
      visit([shape.definition ?? '', ...shape.fields.map(field => field.type)].join(' '))
    }
  }
  for (const name of Object.keys(OPTIONS)) visit(fieldOf(name, declared).type)
  return [...found].toSorted().map(name => declared.get(name) as Declaration)
}

function shapeSection({ name, doc, fields, definition }: Declaration, links: ReadonlySet<string>): string {
  const rows = fields.map(field =>
    row([
      `\`${field.name}${field.isOptional ? '?' : ''}\``,
      linked(field.type, links),
      describe(field.doc).replaceAll(/\s*\n\s*/g, ' '),
    ]),
  )
  return [
    // An option may have the same name.
    `### type ${name}`,
    describe(doc),
    ...(definition === undefined ? [] : [linked(definition, new Set([...links].filter(link => link !== name)))]),
    ...(rows.length === 0 ? [] : [['| field | type | meaning |', '|---|---|---|', ...rows].join('\n')]),
    ...examples(doc),
  ]
    .filter(part => part !== '')
    .join('\n\n')
}
