/** How the items of each return type are read. */
import { EventReader } from './event-reader.ts'
import type { ItemSinkParts } from './items.ts'
import { LineReader } from './line-reader.ts'
import { reasonOf } from '../core/callback.ts'
import { fault } from '../core/result.ts'
import type { Call } from '../core/call.ts'
import type { Fault } from '../core/result.ts'

type Parser = typeof import('eventsource-parser')
let parser: Parser | undefined

/** Loaded with the first event stream. */
function loadParser(): Promise<Fault | undefined> | undefined {
  if (parser !== undefined) return undefined
  return import('eventsource-parser').then(
    loaded => void (parser = loaded),
    (error: unknown) =>
      fault('resource/package', `cannot load eventsource-parser: ${reasonOf(error)}`, { cause: error }),
  )
}

/** A warning once, however many items cause it. */
const warnOnce = ({ trip }: Call) => {
  let warned: string | undefined
  return (warning: string): void => {
    if (warned === undefined) trip.warn((warned = warning))
  }
}

type Format = Pick<ItemSinkParts, 'load' | 'readerOf'>

export const ITEM_FORMATS: Readonly<Record<'ndjson' | 'sse', Format>> = {
  ndjson: {
    readerOf(head, call) {
      const { maxItemBytes, maxJsonDepth } = call.plan
      return new LineReader(head, { maxItemBytes, maxJsonDepth, warn: warnOnce(call) })
    },
  },
  sse: {
    load: loadParser,
    readerOf(head, call) {
      const { maxItemBytes, maxJsonDepth, schema } = call.plan
      const limits = { maxItemBytes, maxJsonDepth, isJson: schema !== undefined, warn: warnOnce(call) }
      return new EventReader(head, (parser as Parser).createParser, limits)
    },
  },
}
