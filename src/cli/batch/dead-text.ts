/** The text of `preq dead`. */
import { printable } from '../../core/printable.ts'
import type { Dead } from '../../distributed/batch/dead.ts'

export function deadText({ batch, requests, chunks }: Dead): string {
  const lines = [
    ...requests.map(({ index, key, method, url, message }) => {
      const name = key === undefined ? `${index}` : `${index} (${key})`
      return `request ${name}: ${method} ${url}: ${message}`
    }),
    ...chunks.map(
      ({ chunk, from, requests: rows, message }) =>
        `chunk ${chunk}, requests ${from} to ${from + rows - 1}: ${message}`,
    ),
  ]
  const next = [
    ...(requests.length === 0 ? [] : [`preq retry ${batch} --retry-only resource/poison sends the requests again`]),
    ...(chunks.length === 0 ? [] : [`preq reconcile ${batch} tries the chunks again`]),
  ]
  return [...lines, ...next].map(line => `${printable(line)}\n`).join('')
}
