/** A value as a caller would write it in TypeScript, for defaults in the documentation. */
import type { AnyOption } from './option.ts'

export function literalOf(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(literalOf).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).map(([name, field]) => `${name}: ${literalOf(field)}`)
  return `{ ${fields.join(', ')} }`
}

/** The default of an option in Markdown: its text, or its value as code, or `none`. */
export function printedDefault({ written, defaultText }: AnyOption): string {
  return defaultText ?? (written === undefined ? 'none' : `\`${literalOf(written)}\``)
}
