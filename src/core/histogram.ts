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
  #count = 0
  #sum = 0
  #min = Infinity
  #max = 0
  /** Values shorter than the first bucket. */
  #tiny = 0
  /** Counts of the buckets from `#from` on; whole octaves only. */
  #counts = new Float64Array(0)
  #from = 0

  /** Counts a value. A negative one counts as 0, as when a clock was set back; one that is not finite is ignored. */
  add(ms: number, times = 1): void {
    if (!(ms < Infinity) || ms === -Infinity) return
    const value = ms > 0 ? ms : 0
    this.#count += times
    this.#sum += value * times
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    if (value < SMALLEST_MS) return void (this.#tiny += times)
    float[0] = value
    const found = ((bits[0] as number) >>> SHIFT) - FIRST_BITS
    const bucket = found > LAST ? LAST : found
    let at = bucket - this.#from
    if (at < 0 || at >= this.#counts.length) {
      this.#cover(bucket, bucket)
      at = bucket - this.#from
    }
    ;(this.#counts[at] as number) += times
  }

  /** Adds everything that another histogram has counted. */
  merge(other: Histogram): void {
    if (other.#count === 0) return
    this.#count += other.#count
    this.#sum += other.#sum
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
    this.#tiny += other.#tiny
    if (other.#counts.length === 0) return
    const length = other.#counts.length
    this.#cover(other.#from, other.#from + length - 1)
    const shift = other.#from - this.#from
    for (let at = 0; at < length; at++) (this.#counts[at + shift] as number) += other.#counts[at] as number
  }

  get count(): number {
    return this.#count
  }

  /** Exact. */
  get min(): number {
    return this.#count === 0 ? NaN : this.#min
  }

  /** Exact. */
  get max(): number {
    return this.#count === 0 ? NaN : this.#max
  }

  /** Exact, apart from the rounding of a sum. */
  get mean(): number {
    return this.#count === 0 ? NaN : this.#sum / this.#count
  }

  /** The value that a share `q` of all values does not exceed (nearest rank): 0 is the minimum, 1 the maximum. */
  quantile(q: number): number {
    if (this.#count === 0 || Number.isNaN(q)) return NaN
    const rank = Math.ceil(q * this.#count)
    if (rank <= 1) return this.#min
    if (rank >= this.#count) return this.#max
    let before = this.#tiny
    if (rank <= before) return this.#min
    for (let at = 0; at < this.#counts.length; at++) {
      before += this.#counts[at] as number
      if (rank <= before) return this.#within(at + this.#from)
    }
    return this.#max
  }

  /** The buckets that are not empty, the shortest durations first. Values below 1 µs are in a bucket from 0. */
  buckets(): Bucket[] {
    const found: Bucket[] = this.#tiny > 0 ? [{ lower: 0, upper: SMALLEST_MS, count: this.#tiny }] : []
    for (let at = 0; at < this.#counts.length; at++) {
      const count = this.#counts[at] as number
      if (count > 0) found.push({ lower: edge(at + this.#from), upper: edge(at + this.#from + 1), count })
    }
    return found
  }

  #within(bucket: number): number {
    const middle = (edge(bucket) + edge(bucket + 1)) / 2
    return Math.min(this.#max, Math.max(this.#min, middle))
  }

  /** Makes room for the buckets from `first` to `last`. */
  #cover(first: number, last: number): void {
    const old = this.#counts
    const isNew = old.length === 0
    const low = Math.floor((isNew ? first : Math.min(first, this.#from)) / BUCKETS_PER_OCTAVE)
    const high = Math.floor((isNew ? last : Math.max(last, this.#from + old.length - 1)) / BUCKETS_PER_OCTAVE)
    const from = low * BUCKETS_PER_OCTAVE
    const length = (high - low + 1) * BUCKETS_PER_OCTAVE
    if (length === old.length && from === this.#from) return
    this.#counts = new Float64Array(length)
    this.#counts.set(old, isNew ? 0 : this.#from - from)
    this.#from = from
  }
}

/** The lower edge of a bucket in milliseconds. */
function edge(bucket: number): number {
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE)
  return SMALLEST_MS * 2 ** octave * (1 + (bucket % BUCKETS_PER_OCTAVE) / BUCKETS_PER_OCTAVE)
}
