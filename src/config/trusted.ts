/**
 * Follow-ups that go to an origin which the caller has written, and no server: they may have credentials of the options at
 * any origin.
 */
const TRUSTED = new WeakSet<object>()

export function markTrusted<T extends object>(spec: T): T {
  TRUSTED.add(spec)
  return spec
}

export const isTrusted = (spec: unknown): boolean => typeof spec === 'object' && spec !== null && TRUSTED.has(spec)
