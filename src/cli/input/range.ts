/**
 * Expands `{1..500}` in a URL to one URL per number. `{001..100}` pads with zeros, `{10..0..5}` counts in steps, and
 * several ranges give every combination.
 */

const RANGE = /\{(-?\d+)\.\.(-?\d+)(?:\.\.(\d+))?\}/

export function expanded(text: string): Iterable<string> {
  return text.includes('{') ? expansionsOf(text) : [text]
}

function* expansionsOf(text: string): Generator<string, void> {
  const match = RANGE.exec(text)
  if (match === null) return void (yield text)
  const [whole, first = '', last = '', step = '1'] = match
  const before = text.slice(0, match.index)
  const after = text.slice(match.index + whole.length)
  for (const number of numbers(first, last, step)) yield* expansionsOf(`${before}${number}${after}`)
}

/** The number of URLs that the text expands to. */
export function countOf(text: string): number {
  let count = 1
  for (const [, first = '', last = '', step = '1'] of text.matchAll(new RegExp(RANGE, 'g'))) {
    count *= Math.floor(Math.abs(Number(last) - Number(first)) / stepOf(step)) + 1
  }
  return count
}

/** Pads to the width of the wider end if one of the ends begins with a zero. */
function* numbers(first: string, last: string, step: string): Generator<string, void> {
  const [from, to] = [Number(first), Number(last)]
  const isPadded = /^-?0\d/.test(first) || /^-?0\d/.test(last)
  const width = isPadded ? Math.max(first.replace('-', '').length, last.replace('-', '').length) : 0
  const by = from <= to ? stepOf(step) : -stepOf(step)
  for (let number = from; by > 0 ? number <= to : number >= to; number += by) {
    yield `${number < 0 ? '-' : ''}${String(Math.abs(number)).padStart(width, '0')}`
  }
}

/** A step of 0 counts as 1, because it would never end. */
const stepOf = (step: string): number => Math.max(1, Number(step))
