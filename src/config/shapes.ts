/** Guards for values that are recognised by their methods. */
import type { SharedLimits } from '../core/shared-limits.ts'
import type { DispatcherLike } from '../core/options.ts'
import type { Telemetry } from '../core/events.ts'
import type { CookieStore, Transport } from '../core/ports.ts'
import type { Sink } from '../core/sink.ts'

const can = (value: unknown, method: string): boolean =>
  typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[method] === 'function'

export const isOwnTransport = (value: unknown): value is Transport => can(value, 'send') && can(value, 'close')

export const isTransport = (value: unknown): value is Transport | DispatcherLike =>
  isOwnTransport(value) || can(value, 'dispatch')

export const isCookieStore = (value: unknown): value is CookieStore =>
  can(value, 'getCookieStringSync') && can(value, 'setCookieSync')

export const isTelemetry = (value: unknown): value is Telemetry => can(value, 'start') && can(value, 'end')

export const isSharedLimits = (value: unknown): value is SharedLimits => can(value, 'open')

export const isSink = (value: unknown): value is Sink => can(value, 'write') && can(value, 'close')
