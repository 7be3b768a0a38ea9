/** The text format of Prometheus, version 0.0.4. */

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  /** After the name of the family: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string
  readonly labels?: Labels
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** A family without samples is left out. */
export function exposition(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(
        ({ suffix = '', labels = {}, value }) => `${name}${suffix}${labelsText(labels)} ${numberText(value)}`,
      )
      return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
    })
    .join('')
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', String.raw`\"`)}"`,
  )
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', String.raw`\n`)

const numberText = (value: number): string =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value)

/** Joins texts that have the same families: the format allows one head for each, and all of its lines together. */
export function joined(texts: readonly string[]): string {
  const families = new Map<string, { readonly head: Map<string, string>; readonly lines: string[] }>()
  for (const line of texts.flatMap(text => text.split('\n'))) {
    const [, kind, headed] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? []
    const name = headed ?? /^[a-zA-Z_:][\w:]*/.exec(line)?.[0]
    if (name === undefined) continue
    const family = families.get(name) ?? { head: new Map<string, string>(), lines: [] }
    families.set(name, family)
    if (kind === undefined) family.lines.push(line)
    else if (!family.head.has(kind)) family.head.set(kind, line)
  }
  return [...families.values()]
    .flatMap(({ head, lines }) => [...head.values(), ...lines].map(line => `${line}\n`))
    .join('')
}
