/**
 * The tracing channels `parallel-requests:batch`, `parallel-requests:request` and `parallel-requests:attempt` of
 * `node:diagnostics_channel`. A subscriber that throws is handled by Node: its error becomes an uncaught exception in a
 * later turn, and the run goes on.
 */
import { hasFailed } from '../core/events.ts'
import type { EventKind, Events, Observer } from '../core/events.ts'
import diagnostics from 'node:diagnostics_channel'

/** The channels that `tracingChannel` of this name has. By their names, because not every runtime has `tracingChannel`. */
const channelOf = (kind: EventKind) => {
  const named = (event: string) => diagnostics.channel(`tracing:parallel-requests:${kind}:${event}`)
  return { start: named('start'), end: named('end'), error: named('error') }
}

const CHANNELS = { batch: channelOf('batch'), request: channelOf('request'), attempt: channelOf('attempt') } as const

const isHeard = (kind: EventKind): boolean => {
  const { start, end, error } = CHANNELS[kind]
  return start.hasSubscribers || end.hasSubscribers || error.hasSubscribers
}

/** Events that started while there was a listener, and have not ended. A later listener gets no end without a start. */
const begun = new WeakSet<Events[EventKind]>()

export const channels: Observer = {
  wants: isHeard,
  start(kind, event) {
    if (!isHeard(kind)) return
    begun.add(event)
    CHANNELS[kind].start.publish(event)
  },
  end(kind, event) {
    if (!begun.delete(event)) return
    if (hasFailed(event)) CHANNELS[kind].error.publish(event)
    CHANNELS[kind].end.publish(event)
  },
}
