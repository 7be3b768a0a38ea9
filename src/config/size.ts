/** Byte counts as people write them (`'64MiB'`, `'10kB'`) and as the program keeps them. */

const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
}

/** `'64MiB'` → 67108864; undefined if the text is not a size. A unit is required. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?([kmg]?i?b)$/i.exec(text)
  const unitBytes = match === null ? undefined : UNIT_BYTES[(match[2] as string).toLowerCase()]
  return match === null || unitBytes === undefined ? undefined : Math.floor(Number(match[1]) * unitBytes)
}

/** 67108864 → `'64 MiB'`. */
export function formatSize(bytes: number): string {
  for (const [unit, unitBytes] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes >= unitBytes) return `${Number((bytes / unitBytes).toFixed(1))} ${unit}`
  }
  return `${bytes} B`
}
