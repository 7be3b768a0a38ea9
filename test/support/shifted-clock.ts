/** Loaded before a program (`node --import`): its wall clock is wrong by CLOCK_SHIFT_MS. Its monotonic clock stays. */
const shiftMs = Number(process.env['CLOCK_SHIFT_MS'] ?? 0)
const RealDate = Date

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + shiftMs] : args, newTarget) as Date,
  apply: () => String(new RealDate(RealDate.now() + shiftMs)),
  get: (target, name) => (name === 'now' ? () => RealDate.now() + shiftMs : (Reflect.get(target, name) as unknown)),
})
