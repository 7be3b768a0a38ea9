/** Inputs that count how far they were read, and whether they were closed. */

export interface Counted extends Iterable<string> {
  pulled: number
  closed: boolean
}

/** `http://a.test/0`, `/1` … up to `count`, lazily. */
export function countedUrls(count: number, origin = 'http://a.test'): Counted {
  const counted: Counted = {
    pulled: 0,
    closed: false,
    *[Symbol.iterator]() {
      try {
        while (counted.pulled < count) yield `${origin}/${counted.pulled++}`
      } finally {
        counted.closed = true
      }
    },
  }
  return counted
}

export async function* asAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve()
    yield item
  }
}
