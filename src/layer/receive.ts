/**
 * Bodies that are not collected in memory. `receive` is above redirect and retry: it opens the sink before the first
 * attempt and closes it after the last. `deliverBufferedBody` is around the transport: it passes on a body that a
 * transport without sinks has collected.
 */
import { awaited, resultOf } from '../core/awaited.ts'
import { attempt as newAttempt } from '../core/attempt.ts'
import type { Attempt } from '../core/attempt.ts'
import type { BodySink } from '../core/body-sink.ts'
import type { Call } from '../core/call.ts'
import type { AttemptLayer, CallLayer, Send } from '../core/layer.ts'
import { isPassedOn } from '../core/passed-on.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply, Result, Taken } from '../core/result.ts'

/** The sink of a call; undefined if its body is collected in memory. */
export type SinkFor = (call: Call) => BodySink | undefined

export const receive =
  (sinkFor: SinkFor): CallLayer =>
  next =>
  (call, done) => {
    if (!isPassedOn(call.plan.returnType)) return next(call, done)
    const sink = sinkFor(call)
    if (sink === undefined) next(call, done)
    else awaited(received(next, call, sink), done)
  }

async function received(next: Send<Call>, call: Call, sink: BodySink): Promise<Result> {
  const refused = await sink.open()
  return refused ?? sink.close(await resultOf(next, { ...call, sink }))
}

export const deliverBufferedBody: AttemptLayer = {
  before: attempt => {
    const { sink } = attempt.call
    const preparing = sink?.prepare(attempt)
    return sink === undefined || preparing === undefined ? undefined : prepared(attempt, sink, preparing)
  },
  after: (attempt, result) => {
    const { sink } = attempt.call
    return sink === undefined ? result : handed(result, attempt, sink)
  },
}

/** Passes on a body that was read in memory first. */
export async function deliverAfterwards(reply: Reply, call: Call, nowMs: number): Promise<Result> {
  const { sink } = call
  if (sink === undefined) return reply
  const last = newAttempt(call, call.trip.retry.attempts, nowMs)
  const preparing = sink.prepare(last)
  const refused = preparing === undefined ? undefined : await prepared(last, sink, preparing)
  return refused === undefined ? handed(reply, last, sink) : { ...refused, sent: true }
}

async function prepared(
  { trip }: Attempt,
  sink: BodySink,
  preparing: Promise<Fault | undefined>,
): Promise<Fault | undefined> {
  const refused = await new Promise<Fault | undefined>(resolve => {
    trip.cancelSlot.hold('callback', resolve)
    void preparing.then(resolve)
  })
  trip.cancelSlot.free()
  if (refused === undefined) return undefined
  sink.rest()
  return { ...refused, sent: false }
}

async function handed(came: Result, attempt: Attempt, sink: BodySink): Promise<Result> {
  const result = came.kind === 'fault' || came.taken !== undefined ? came : await handOver(came, attempt, sink)
  if (result.kind === 'fault' || result.taken === undefined) sink.rest()
  return result
}

async function handOver(reply: Result & { kind: 'reply' }, { trip }: Attempt, sink: BodySink): Promise<Result> {
  const writer = sink.begin(reply)
  if (writer === undefined) return reply
  if (isFault(writer)) return writer
  const ended = await new Promise<Fault | Taken>(resolve => {
    const write = async (): Promise<Fault | Taken> => {
      const failed = reply.body.byteLength === 0 ? undefined : await writer.write(reply.body)
      return failed ?? writer.end()
    }
    trip.cancelSlot.hold('callback', given => {
      writer.stop()
      resolve({ ...given, sent: true })
    })
    write().then(resolve, (error: unknown) =>
      resolve(fault('internal/unknown', 'unexpected error', { sent: true, cause: error })),
    )
  })
  trip.cancelSlot.free()
  return isFault(ended) ? ended : { ...reply, body: reply.body.subarray(0, 0), taken: ended }
}
