/** `{1..500}` in a URL: one URL per number, `{001..100}` with zeros, `{10..0..5}` in steps; several make all pairs. */

const RANGE = /\{(-?\d+)\.\.(-?\d+)(?:\.\.(\d+))?\}/

export function expanded(text: string): Iterable<string> {
  return text.includes('{') ? all(text) : [text]
}

function* all(text: string): Generator<string, void> {
  const match = RANGE.exec(text)
  if (match === null) return void (yield text)
  const [whole, first = '', last = '', step = '1'] = match
  const before = text.slice(0, match.index)
  const after = text.slice(match.index + whole.length)
  for (const number of numbers(first, last, step)) yield* all(`${before}${number}${after}`)
}

/** How many URLs it makes. */
export function countOf(text: string): number {
  let count = 1
  for (const [, first = '', last = '', step = '1'] of text.matchAll(new RegExp(RANGE, 'g'))) {
    count *= Math.floor(Math.abs(Number(last) - Number(first)) / stepOf(step)) + 1
  }
  return count
}

/** As wide as the wider end where one begins with a zero. */
function* numbers(first: string, last: string, step: string): Generator<string, void> {
  const [from, to] = [Number(first), Number(last)]
  const isPadded = /^-?0\d/.test(first) || /^-?0\d/.test(last)
  const width = isPadded ? Math.max(first.replace('-', '').length, last.replace('-', '').length) : 0
  const by = from <= to ? stepOf(step) : -stepOf(step)
  for (let number = from; by > 0 ? number <= to : number >= to; number += by) {
    yield `${number < 0 ? '-' : ''}${String(Math.abs(number)).padStart(width, '0')}`
  }
}

/** A step of 0 would go nowhere. */
const stepOf = (step: string): number => Math.max(1, Number(step))
