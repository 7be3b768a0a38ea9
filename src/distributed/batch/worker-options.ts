/** Checks of the options of a worker. */
export const isUsableDuration = (ms: unknown): boolean => typeof ms === 'number' && ms >= 0 && Number.isFinite(ms)
