/**
 * One long batch in its own process, started by bench/drift.ts. It continues by as many requests as each message says,
 * and answers with their CPU time. Arguments: the case, the origins. A message of 0 ends it.
 *
 * It is one `drain` from its first request to its last. It pauses through a sink that settles no more writes, so that
 * the window fills up and nothing is in flight. It continues by settling them, so the next block sends exactly as many
 * requests as it was told to.
 */
import { caseOf, urlOf } from './scale-cases.ts'
import { ParallelRequests } from '../../src/index.ts'

export interface Spent {
  readonly cpuUs: number
  /** CPU of each 10,000 outcomes, one block after the other, without a pause. */
  readonly blocksUs: readonly number[]
}

const BLOCK = 10_000
/** The default window at this concurrency. */
const WINDOW = 800

const [name = '', ...origins] = process.argv.slice(2)

let held: (() => void)[] = []
let written = 0
/** Number of outcomes at which the sink stops. */
let holdFrom = -WINDOW
let isOver = false
let before = process.cpuUsage()
let marksUs: number[] = []

const spentUs = (): number => {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function* urls(): Generator<string> {
  for (let index = 0; ; index++) {
    if (isOver) return
    yield urlOf(origins, index)
  }
}

function write({ ok }: { readonly ok: boolean }): void | Promise<void> {
  if (!ok) throw new Error('expected every request to succeed')
  if (++written % BLOCK === 0) marksUs.push(spentUs())
  if (written <= holdFrom || isOver) return undefined
  return new Promise<void>(settle => {
    held.push(settle)
    if (held.length < WINDOW) return
    const blocksUs = marksUs.slice(1).map((markUs, nth) => markUs - (marksUs[nth] ?? 0))
    process.send?.({ cpuUs: spentUs(), blocksUs } satisfies Spent)
  })
}

async function run(): Promise<void> {
  const client = new ParallelRequests(caseOf(name).options)
  await client.drain(urls(), { window: WINDOW, sink: { write, close: () => undefined } })
  await client.close()
  process.disconnect?.()
}

process.on('message', (requests: number) => {
  const waiting = held
  held = []
  marksUs = []
  holdFrom += requests
  isOver = requests === 0
  before = process.cpuUsage()
  if (written === 0) void run()
  for (const settle of waiting) settle()
})
