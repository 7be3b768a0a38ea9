/** Return types whose bodies are not collected in memory: they are passed on while they arrive. */
import type { ReturnTypeName } from './spec.ts'

/** The body is a sequence of items, which go to `onItem` one by one. */
export const isItems = (type: ReturnTypeName | undefined): type is 'ndjson' | 'sse' =>
  type === 'ndjson' || type === 'sse'

/** The value is not the body, but a summary of what was passed on or saved. */
export const isPassedOn = (type: ReturnTypeName | undefined): boolean =>
  type === 'stream' || type === 'file' || isItems(type)
