/**
 * Chains: requests of the next stage from the values of the one before. The library follows them (`follow`), so they have its
 * limits, its run file and its ids; here are the values, and the templates that they are filled into.
 */
import { namesOrigin } from './origin.ts'
import type { StagePlan } from './stages.ts'
import { labelOf, partNamed, valueNamesIn } from './values.ts'
import type { Job, Place } from '../input/jobs.ts'
import { expanded } from '../input/range.ts'
import { jobMaker } from '../input/requests.ts'
import type { MakeJob } from '../input/requests.ts'
import type { InputPlan } from '../run-plan.ts'
import { NO_ROWS } from '../template/braces.ts'
import type { Columns } from '../template/braces.ts'
import { RowProblem } from '../template/row-problem.ts'
import type { Fill, Row } from '../template/text.ts'
import { urlTemplate } from '../template/url.ts'
import { UsageError } from '../usage-error.ts'
import { markTrusted } from '../../config/trusted.ts'
import { Unusable } from '../../config/unusable.ts'
import { mayCross } from '../../core/crossing.ts'
import type { Follow } from '../../core/follow.ts'
import type { OkOutcome } from '../../core/outcome.ts'
import { problem } from '../../core/problem.ts'
import { compilePath } from '../../paginate/jmespath.ts'

export interface ChainParts {
  readonly stages: readonly StagePlan[]
  readonly input: InputPlan
  /** Whether the requests of the input have items. */
  readonly hasItems: boolean
  /** Whether the headers are those of a pasted command: they belong to its origin. */
  readonly isPasted: boolean
  readonly baseUrl: string | undefined
  /** The columns that every row has; undefined if rows differ. */
  readonly columns: readonly string[] | undefined
}

// oxlint-disable-next-line typescript/no-explicit-any -- the library says whether it is a list
type Part = (value: unknown) => any

/** A stage with its paths compiled. */
interface Stage {
  readonly number: number
  readonly plan: StagePlan
  readonly valuesOf: (outcome: OkOutcome<unknown>) => readonly unknown[]
  readonly items: Part
  readonly isNamed: boolean
  /** The names of values in its templates. */
  readonly names: readonly string[]
}

interface Templates {
  readonly url: Fill
  readonly make: MakeJob
  /** Makes requests to an origin that a value has decided on. */
  readonly makeForeign: MakeJob
}

/** Throws a UsageError for every mistake that can be found before anything is sent. */
export function chainOf(parts: ChainParts): Follow {
  const { columns } = parts
  const stages = parts.stages.map((plan, at) => stageOf(plan, at + 1, parts))
  if (columns !== undefined) for (const stage of stages) templatesOf(stage, columns, 'header', parts)
  const links = stages.map(stage => new Link(stage, parts))
  return (outcome, { depth }) => {
    const link = links[depth]
    return link && [...link.requestsOf(outcome)]
  }
}

/** Makes the requests of a stage. */
class Link {
  readonly #stage: Stage
  readonly #parts: ChainParts
  /** Rows of JSON lines may differ in their columns. */
  readonly #templates = new Map<string, Templates>()

  constructor(stage: Stage, parts: ChainParts) {
    this.#stage = stage
    this.#parts = parts
  }

  *requestsOf(outcome: OkOutcome<unknown>): Generator<Job> {
    const place = outcome.request.meta as Place
    for (const value of this.#stage.valuesOf(outcome)) {
      const where: Place = { ...place, values: [...(place.values ?? []), value] }
      try {
        yield* this.#filled(where, outcome)
      } catch (error) {
        yield unusable(error, where, this.#stage)
      }
    }
  }

  *#filled(where: Place, { request, response }: OkOutcome<unknown>): Generator<Job> {
    const { isNamed, plan } = this.#stage
    const { baseUrl, input } = this.#parts
    // A saved body has no items. Any other would have those of the request before.
    const items = plan.isLast && input.returnType !== undefined ? {} : { items: this.#stage.items }
    const { url, make, makeForeign } = this.#templatesFor(where.row ?? {})
    const cells = this.#cellsOf(where)
    for (const one of expanded(url(cells))) {
      const target = baseUrl === undefined ? one : (URL.parse(one, baseUrl)?.href ?? one)
      // A relative URL is one of the page that answered.
      const isForeign = !isNamed && originOf(target, response.url) !== originOf(request.url)
      const job: Job = { ...(isForeign ? makeForeign : make)(target, cells, where), ...items }
      yield isNamed ? markTrusted(job) : job
    }
  }

  /** Throws a RowProblem if a value lacks a part. */
  #cellsOf({ row = {}, values = [] }: Place): Row {
    const cells = Object.create(null) as Record<string, unknown>
    for (const [name, cell] of Object.entries(row)) {
      cells[name] = cell
      cells[`row.${name}`] = cell
    }
    for (const name of this.#stage.names) {
      const part = partNamed(name, values)
      if (part === undefined)
        throw new RowProblem(`expected a value that has {${name}}, got one without it.`, 'template')
      cells[name] = part
    }
    return cells
  }

  #templatesFor(row: Row): Templates {
    const names = Object.keys(row)
    const id = names.join('\0')
    const before = this.#templates.get(id)
    if (before !== undefined) return before
    const made = templatesOf(this.#stage, names, 'row', this.#parts)
    this.#templates.set(id, made)
    return made
  }
}

function stageOf(plan: StagePlan, number: number, { stages, hasItems, isPasted, baseUrl }: ChainParts): Stage {
  const each = plan.each === undefined ? undefined : compiled(plan.each, '--each')
  const isOfItems = number === 1 ? hasItems : stages[number - 2]?.items !== undefined
  const { url, headers, json = '', name = '', checksum = '' } = plan
  const items = plan.items === undefined ? (): undefined => undefined : compiled(plan.items, '--then-items')
  return {
    number,
    plan,
    valuesOf: ({ value, items: found }) =>
      each === undefined && isOfItems ? (found ?? []) : listOf(each === undefined ? value : each(value)),
    items,
    isNamed: !isPasted && (namesOrigin(url) || (baseUrl !== undefined && !/^(?:\{|[a-z][a-z\d+.-]*:|\/\/)/i.test(url))),
    names: valueNamesIn([url, ...headers.flat(), json, name, checksum], number),
  }
}

function listOf(found: unknown): readonly unknown[] {
  if (found === null || found === undefined) return []
  return Array.isArray(found) ? (found as readonly unknown[]) : [found]
}

function compiled(path: string, flag: string): Part {
  const search = compilePath(path)
  if (typeof search === 'function') return search
  throw new UsageError(problem(flag, search.expected, search.got, search.remedy))
}

function templatesOf(
  { plan, names, number }: Stage,
  columns: readonly string[],
  from: Columns['from'],
  { input }: ChainParts,
): Templates {
  const whole = ['value', ...Array.from({ length: number }, (_, at) => `${at + 1}.value`)]
  const ofRow = columns.flatMap(name => [name, `row.${name}`])
  const known: Columns = { names: [...new Set([...whole, ...names, ...ofRow])], from, labels: labelOf }
  const replaced = new Set(plan.headers.map(([name]) => name.toLowerCase()))
  const common = input.headers.filter(([name]) => !replaced.has(name.toLowerCase()))
  // Flags for all stages mean the same in each: columns of the input, or text if it has no rows.
  const rows = columns.length === 0 ? NO_ROWS : { names: columns, from }
  const makerOf = (headers: InputPlan['headers'], own: InputPlan['headers']): MakeJob => {
    const base = jobMaker({ ...input, ...NOT_OF_ALL, headers }, rows)
    const stage = jobMaker(stageInput(input, plan, own), known)
    return (url, cells, where) => {
      const job = base(url, cells, where)
      const more = stage(url, cells, where)
      const together = [...pairsOf(job.headers), ...pairsOf(more.headers)]
      return {
        ...job,
        ...more,
        meta: { ...job.meta, name: more.meta?.name } as Place,
        ...(together.length > 0 && { headers: together }),
      }
    }
  }
  return {
    url: urlTemplate(plan.url, known, input.allowEmpty),
    make: makerOf(common, plan.headers),
    makeForeign: makerOf(common.filter(crosses), plan.headers.filter(crosses)),
  }
}

const crosses = ([name]: InputPlan['headers'][number]): boolean => mayCross(name.toLowerCase(), true)

/** What belongs to one request, and not to all stages. */
const NOT_OF_ALL = { method: undefined, params: [], body: undefined, key: undefined, returnType: undefined } as const

/** Only what the flags of the stage say. */
function stageInput(input: InputPlan, plan: StagePlan, headers: InputPlan['headers']): InputPlan {
  const { method, json, name, checksum, isLast } = plan
  const body = json === undefined ? undefined : ({ kind: 'json', text: json } as const)
  const ofAll = { cost: [], limitKey: undefined, auth: undefined, constants: [] }
  // What follows from a request has its type, unless it says another one.
  const returnType = isLast ? input.returnType && 'file' : input.returnType
  return { ...input, ...NOT_OF_ALL, ...ofAll, method, headers, body, name, checksum, returnType }
}

type Pairs = readonly (readonly [string, string])[]
const pairsOf = (headers: Job['headers']): Pairs => (headers as Pairs | undefined) ?? []

const originOf = (url: string, base?: string): string | undefined => URL.parse(url, base)?.origin

/** Fails alone, as a row that cannot be filled. */
function unusable(error: unknown, where: Place, { number }: Stage): Job {
  if (!(error instanceof RowProblem || error instanceof UsageError)) throw error
  const [url, detail] = error instanceof RowProblem ? [error.url, error.detail] : ['', 'template' as const]
  const at = where.file === undefined ? '' : `${where.file}:${where.line}: `
  return new Unusable(`${at}stage ${number + 1}: ${error.message}`, url, where, detail) as unknown as Job
}
