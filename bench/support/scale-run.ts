/**
 * One batch from a generator in its own process, started by bench/scale.ts, which reports its memory as it goes.
 * Arguments: the case, the number of requests, the number of samples, the origins.
 */
import { caseOf, urlOf } from './scale-cases.ts'
import { ParallelRequests } from '../../src/index.ts'
import type { Sink, Totals } from '../../src/index.ts'

/**
 * Memory after this many requests were taken from the generator, after a full garbage collection (except `rssBytes`).
 */
export interface Sample {
  readonly requests: number
  /** Before the garbage collection. */
  readonly rssBytes: number
  readonly heapBytes: number
  readonly externalBytes: number
  readonly arrayBufferBytes: number
}

export type Told =
  | { readonly sample: Sample }
  | {
      readonly end: {
        readonly totals: Totals
        /** Outcomes that the sink received; undefined without one. */
        readonly counted: number | undefined
        readonly maxRssBytes: number
        readonly cpuMs: number
        readonly wallMs: number
      }
    }

const [name = '', requestsText, samplesText, ...origins] = process.argv.slice(2)
const { options, sink: hasSink } = caseOf(name)
const requests = Number(requestsText)
const every = Math.ceil(requests / Number(samplesText))

const tell = (told: Told): void => void process.send?.(told)

function sample(taken: number): void {
  const rssBytes = process.memoryUsage.rss()
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  tell({
    sample: { requests: taken, rssBytes, heapBytes: heapUsed, externalBytes: external, arrayBufferBytes: arrayBuffers },
  })
}

/** Samples are taken in the middle of the work, with as much in flight as ever. */
function* urls(): Generator<string> {
  for (let index = 0; index < requests; index++) {
    if (index > 0 && index % every === 0) sample(index)
    yield urlOf(origins, index)
  }
}

let counted = 0
const sink: Sink = {
  write: ({ ok }) => {
    if (ok) counted++
  },
  close: () => undefined,
}

const startedAtMs = performance.now()
const before = process.cpuUsage()
const client = new ParallelRequests(options)
const totals = await client.drain(urls(), hasSink ? { sink } : {})
const { user, system } = process.cpuUsage(before)
const wallMs = performance.now() - startedAtMs
tell({
  end: {
    totals,
    counted: hasSink ? counted : undefined,
    // The maximum over the whole run, not only at the samples; in kilobytes.
    maxRssBytes: process.resourceUsage().maxRSS * 1_024,
    cpuMs: (user + system) / 1_000,
    wallMs,
  },
})
await client.close()
process.disconnect?.()
