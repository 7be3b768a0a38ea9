/**
 * `Retry-After`: how long the server wants us to stay away (RFC 9110 §10.2.3).
 *
 * Total and linear: any text gives a number of milliseconds or undefined, which means "use our own back-off". A date
 * is judged against the response's own `Date`, because the server's clock may be an hour off.
 */
const DELTA_SECONDS = /^\d+$/
/** Beyond what a `Date` can say, any number means the same: never. */
const MAX_WAIT_MS = 1e15
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Sun, 06 Nov 1994 08:49:37 GMT */
const IMF = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/
/** Sunday, 06-Nov-94 08:49:37 GMT */
const RFC850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/
/** Sun Nov  6 08:49:37 1994 */
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/

/** Milliseconds to wait, at least 0; undefined when the value says nothing usable. */
export function retryAfterMs(
  value: string | undefined,
  dateHeader: string | undefined,
  nowEpochMs: number,
): number | undefined {
  if (value === undefined || value.length > 64) return undefined
  const text = value.trim()
  if (DELTA_SECONDS.test(text)) return Math.min(Number(text) * 1_000, MAX_WAIT_MS)
  const untilMs = parseHttpDate(text, nowEpochMs)
  if (untilMs === undefined) return undefined
  const serverNowMs = dateHeader === undefined ? undefined : parseHttpDate(dateHeader.trim(), nowEpochMs)
  return Math.max(0, untilMs - (serverNowMs ?? nowEpochMs))
}

/** The three forms of an HTTP date (RFC 9110 §5.6.7) as epoch milliseconds. */
export function parseHttpDate(text: string, nowEpochMs: number): number | undefined {
  const imf = IMF.exec(text)
  if (imf) return utc(imf[3], imf[2], imf[1], imf[4], imf[5], imf[6])
  const rfc850 = RFC850.exec(text)
  if (rfc850) return utc(fullYear(Number(rfc850[3]), nowEpochMs), rfc850[2], rfc850[1], rfc850[4], rfc850[5], rfc850[6])
  const asctime = ASCTIME.exec(text)
  if (asctime) return utc(asctime[6], asctime[1], asctime[2], asctime[3], asctime[4], asctime[5])
  return undefined
}

/** Two digits are the year of that ending that is at most 50 years ahead (RFC 9110 §5.6.7). */
function fullYear(twoDigits: number, nowEpochMs: number): string {
  const thisYear = new Date(nowEpochMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return String(year > thisYear + 50 ? year - 100 : year)
}

function utc(...[year, month, day, hour, minute, second]: (string | undefined)[]): number | undefined {
  const monthIndex = MONTHS.indexOf(month as string)
  if (monthIndex === -1) return undefined
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)]
  if (h > 23 || m > 59 || s > 60) return undefined
  const midnightMs = Date.UTC(Number(year), monthIndex, d)
  // `Date` takes the 30th of February for the 2nd of March.
  if (new Date(midnightMs).getUTCDate() !== d) return undefined
  return midnightMs + ((h * 60 + m) * 60 + s) * 1_000
}
