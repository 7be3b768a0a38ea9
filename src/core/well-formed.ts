/**
 * Rows of JSON without halves of surrogate pairs. RFC 8259, section 8.2, leaves open what a reader does with one, and some
 * programs refuse a whole file for it. A row tells what was replaced, so that our own reader can undo it.
 */

/** An escape, or a replacement character that was in the text already. */
const ESCAPE = /\\(?:u(d[89a-f][\da-f]{2})|[^])|\uFFFD/g

/**
 * Replaces each escape of a lone surrogate by U+FFFD. `json` MUST be what `JSON.stringify` makes: it writes whole pairs as
 * they are, and escapes only lone surrogates, in small letters.
 */
export function wellFormedJson(json: string): string {
  return replaced(json).text
}

/** The JSON of a row; with `warnings` and `surrogates` in it if something was replaced. */
export function wellFormedRow(json: string): string {
  const { text, codes } = replaced(json)
  if (codes.length === 0) return json
  const end = /\s*\}$/.exec(text)?.[0] ?? '}'
  const [before, space] = end === '}' ? ['', ''] : ['\n  ', ' ']
  const fields = [
    `"warnings":${space}["half of a surrogate pair was written as U+FFFD"]`,
    `"surrogates":${space}"${codes.join(' ')}"`,
  ]
  return `${text.slice(0, -end.length)}${fields.map(field => `,${before}${field}`).join('')}${end}`
}

/** The row as it was before `wellFormedRow`. @param surrogates its field of this name */
export function withSurrogates(row: string, surrogates: string): string {
  const codes = new Map(surrogates.split(' ').map(one => one.split(':') as [string, string]))
  let count = 0
  return row.replace(/\uFFFD/g, mark => {
    const code = codes.get(String(count++))
    return code === undefined ? mark : `\\u${code}`
  })
}

/** `codes`: the position among all replacement characters of the text, and the surrogate: `0:d83d`. */
function replaced(json: string): { readonly text: string; readonly codes: readonly string[] } {
  const codes: string[] = []
  if (!json.includes(String.raw`\ud`)) return { text: json, codes }
  let count = 0
  const text = json.replace(ESCAPE, (escape, code: string | undefined) => {
    if (code !== undefined) codes.push(`${count}:${code}`)
    if (code === undefined && escape !== '\uFFFD') return escape
    count++
    return '\uFFFD'
  })
  return { text, codes }
}
