/**
 * Durations in constant memory: how many fell into each of a row of buckets whose width grows with the value.
 *
 * Each power of two is divided into 32 buckets of equal width, as in HdrHistogram (G. Tene), so the bucket of a value is
 * the exponent and the first five bits of the mantissa of its binary form. The sizes grow like those of DDSketch (Masson,
 * Rim, Lee: DDSketch, VLDB 2019), which bounds the same relative error with a logarithm instead.
 */

/** A bucket is 1/32 of a power of two wide. */
const BITS = 5
const BUCKETS_PER_OCTAVE = 1 << BITS
/** 2 ** -10 ms is the first bucket: what is shorter than about 1 µs is counted, but not told apart. */
const SMALLEST_MS = 2 ** -10
/** 2 ** 32 ms are 49 days: what is longer falls into the last bucket. */
const OCTAVES = 42
const LAST = OCTAVES * BUCKETS_PER_OCTAVE - 1

/** Where things are in the array of a histogram. */
const COUNT = 0
const SUM = 1
const MIN = 2
const MAX = 3
const TINY = 4
const HEAD = 8

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)
const SHIFT = 23 - BITS
float[0] = SMALLEST_MS
const FIRST_BITS = (bits[0] as number) >>> SHIFT

export interface Bucket {
  /** Milliseconds; the value itself is in this bucket. */
  readonly lower: number
  /** Milliseconds; the value itself is in the next bucket. */
  readonly upper: number
  readonly count: number
}

/**
 * The distribution of durations in milliseconds, from 1 µs to 49 days.
 *
 * `count`, `min`, `max` and `mean` are exact. A quantile is within 1.6 % (1/64) of the exact one, at any number of values;
 * one below 1 µs is within 1 µs. An empty histogram has `count` 0 and `NaN` for everything else. Its memory depends on the
 * range of the values and not on their number: 256 bytes per power of two between the shortest and the longest.
 *
 * @example
 * const histogram = new Histogram()
 * for (const ms of [12, 15, 240]) histogram.add(ms)
 * histogram.quantile(0.5) // about 15
 */
export class Histogram {
  /**
   * Everything in one array, because it is written for every request, when little of it is in the processor's cache. The
   * first elements are the count, the sum, the minimum, the maximum, and the number of values below the first bucket; the
   * counts of the buckets follow, from `#from` on, whole octaves only.
   */
  #data: Float64Array = new Float64Array([0, 0, Infinity, 0, 0, 0, 0, 0])
  #from = 0

  /** Counts a value. A negative one counts as 0, as when a clock was set back; one that is not finite is ignored. */
  add(ms: number, times = 1): void {
    if (!(ms < Infinity) || ms === -Infinity) return
    const value = ms > 0 ? ms : 0
    let data = this.#data
    ;(data[COUNT] as number) += times
    ;(data[SUM] as number) += value * times
    if (value < (data[MIN] as number)) data[MIN] = value
    if (value > (data[MAX] as number)) data[MAX] = value
    if (value < SMALLEST_MS) return void ((data[TINY] as number) += times)
    float[0] = value
    const found = ((bits[0] as number) >>> SHIFT) - FIRST_BITS
    const bucket = found > LAST ? LAST : found
    let at = bucket - this.#from + HEAD
    if (at < HEAD || at >= data.length) {
      this.#cover(bucket, bucket)
      data = this.#data
      at = bucket - this.#from + HEAD
    }
    ;(data[at] as number) += times
  }

  /** Adds everything that another histogram has counted. */
  merge(other: Histogram): void {
    const theirs = other.#data
    if (other.count === 0) return
    if (theirs.length > HEAD) this.#cover(other.#from, other.#from + theirs.length - HEAD - 1)
    const data = this.#data
    for (const sum of [COUNT, SUM, TINY]) (data[sum] as number) += theirs[sum] as number
    data[MIN] = Math.min(data[MIN] as number, theirs[MIN] as number)
    data[MAX] = Math.max(data[MAX] as number, theirs[MAX] as number)
    const shift = other.#from - this.#from
    for (let at = HEAD; at < theirs.length; at++) (data[at + shift] as number) += theirs[at] as number
  }

  get count(): number {
    return this.#data[COUNT] as number
  }

  /** Exact. */
  get min(): number {
    return this.count === 0 ? NaN : (this.#data[MIN] as number)
  }

  /** Exact. */
  get max(): number {
    return this.count === 0 ? NaN : (this.#data[MAX] as number)
  }

  /** Exact, apart from the rounding of a sum. */
  get mean(): number {
    return this.count === 0 ? NaN : (this.#data[SUM] as number) / this.count
  }

  /** The value that a share `q` of all values does not exceed (nearest rank): 0 is the minimum, 1 the maximum. */
  quantile(q: number): number {
    const { count, min, max } = this
    if (count === 0 || Number.isNaN(q)) return NaN
    const rank = Math.ceil(q * count)
    if (rank <= 1) return min
    if (rank >= count) return max
    const data = this.#data
    let before = data[TINY] as number
    if (rank <= before) return min
    for (let at = HEAD; at < data.length; at++) {
      before += data[at] as number
      if (rank <= before) return this.#within(at - HEAD + this.#from)
    }
    return max
  }

  /** The buckets that are not empty, the shortest durations first. Values below 1 µs are in a bucket from 0. */
  buckets(): Bucket[] {
    const data = this.#data
    const tiny = data[TINY] as number
    const found: Bucket[] = tiny > 0 ? [{ lower: 0, upper: SMALLEST_MS, count: tiny }] : []
    for (let at = HEAD; at < data.length; at++) {
      const count = data[at] as number
      const bucket = at - HEAD + this.#from
      if (count > 0) found.push({ lower: edge(bucket), upper: edge(bucket + 1), count })
    }
    return found
  }

  #within(bucket: number): number {
    const middle = (edge(bucket) + edge(bucket + 1)) / 2
    return Math.min(this.max, Math.max(this.min, middle))
  }

  /** Makes room for the buckets from `first` to `last`. */
  #cover(first: number, last: number): void {
    const old = this.#data
    const length = old.length - HEAD
    const low = Math.floor((length === 0 ? first : Math.min(first, this.#from)) / BUCKETS_PER_OCTAVE)
    const high = Math.floor((length === 0 ? last : Math.max(last, this.#from + length - 1)) / BUCKETS_PER_OCTAVE)
    const from = low * BUCKETS_PER_OCTAVE
    const needed = (high - low + 1) * BUCKETS_PER_OCTAVE
    if (needed === length && from === this.#from) return
    const data = new Float64Array(HEAD + needed)
    data.set(old.subarray(0, HEAD))
    if (length > 0) data.set(old.subarray(HEAD), HEAD + this.#from - from)
    this.#data = data
    this.#from = from
  }
}

/** The lower edge of a bucket in milliseconds. */
function edge(bucket: number): number {
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE)
  return SMALLEST_MS * 2 ** octave * (1 + (bucket % BUCKETS_PER_OCTAVE) / BUCKETS_PER_OCTAVE)
}
