/** Counts the requests, hosts and duplicates of an input while it is read, and collects what is invalid and where. */
import { createHash, hash } from 'node:crypto'
import { curlCommand } from './curl-command.ts'
import { Seen } from './seen.ts'
import { isAtHand } from '../../core/body.ts'
import { printable } from '../../core/printable.ts'
import type { Call, Costs } from '../../core/call.ts'
import type { Place } from '../input/jobs.ts'
import type { Outcome } from '../../index.ts'

const SHOWN_REQUESTS = 3
const SHOWN_INVALID = 20

export interface Survey {
  requests: number
  duplicates: number
  invalid: number
  readonly hosts: Map<string, number>
  /** Requests per lane, that is per host or per `--limit-key`. */
  readonly lanes: Map<string, { count: number; readonly origin: string }>
  readonly methods: Map<string, number>
  /** Total cost per budget; under `''`, the cost that counts towards every budget. */
  readonly costs: Map<string, number>
  /** The first few requests, as curl commands. */
  readonly first: string[]
  /** The first few problems, with their positions in the input. */
  readonly problems: string[]
}

export function survey(): { readonly survey: Survey; readonly add: (call: Call | Outcome) => void } {
  const found: Survey = {
    requests: 0,
    duplicates: 0,
    invalid: 0,
    hosts: new Map(),
    lanes: new Map(),
    methods: new Map(),
    costs: new Map(),
    first: [],
    problems: [],
  }
  const seen = new Seen()
  return {
    survey: found,
    add(call) {
      found.requests++
      if ('ok' in call) return addProblem(found, call)
      const id = digest(call)
      if (id !== undefined && seen.add(id)) found.duplicates++
      countCosts(found.costs, call.costs)
      addCount(found.hosts, call.origin)
      countLane(found.lanes, call)
      addCount(found.methods, call.method)
      if (found.first.length < SHOWN_REQUESTS) found.first.push(curlCommand(call))
    },
  }
}

function addProblem(found: Survey, { request, error }: Outcome): void {
  found.invalid++
  if (found.problems.length >= SHOWN_INVALID) return
  const { file, line } = (request.meta ?? { file: undefined, line: 0 }) as Place
  const where = file === undefined ? `URL ${line}: ` : printable(`${file}:${line}: `)
  const message = error?.message ?? ''
  // The message of a row that could not be read or filled already begins with the position.
  found.problems.push(`${where}${message.replace(where, '')}`)
}

function addCount(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

function countLane(lanes: Survey['lanes'], { lane, origin }: Call): void {
  const known = lanes.get(lane)
  if (known === undefined) lanes.set(lane, { count: 1, origin })
  else known.count++
}

function countCosts(costs: Map<string, number>, of: Costs): void {
  if (typeof of === 'number') addCount(costs, '', of)
  else for (const [budget, cost] of Object.entries(of)) addCount(costs, budget, cost)
}

/** Undefined if the body is a stream or file that is opened only when it is sent. */
function digest({ method, url, body }: Call): Buffer | undefined {
  if (!isAtHand(body)) return undefined
  const head = `${method} ${url}\n`
  if (body instanceof Uint8Array) return createHash('sha1').update(head).update(body).digest()
  // The one-shot function takes half the time.
  return hash('sha1', body === undefined ? head : head + body, 'buffer')
}
