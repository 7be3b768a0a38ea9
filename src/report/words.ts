/** Figures as a report says them, the same in every format. */
import { formatDuration } from '../core/duration.ts'

/** 12345 → `12,345`; with a noun, `1 line` and `2 lines`. */
export function amount(count: number, noun?: string): string {
  const digits = (Math.round(count * 100) / 100).toString().replace(/\B(?<!\.\d*)(?=(?:\d{3})+(?!\d))/g, ',')
  return noun === undefined ? digits : `${digits} ${noun}${count === 1 ? '' : 's'}`
}

/** 0.5 → `50 %`. Never `100 %` or `0 %` of what is not all or nothing. */
export function percent(share: number): string {
  const value = share * 100
  if (value > 0 && value < 0.1) return '< 0.1 %'
  if (value > 99.9 && value < 100) return '> 99.9 %'
  return `${value >= 10 && Number.isInteger(Math.round(value * 10) / 10) ? Math.round(value) : Math.round(value * 10) / 10} %`
}

/** 0.34 → `0.3 ms`, 1500 → `1.5 s`, 90000 → `1 m 30 s`. */
export function duration(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`
  return formatDuration(ms).replaceAll(
    /(\d)([a-z]+)(?=(\d)?)/g,
    (_, digit: string, unit: string, more?: string) => `${digit} ${unit}${more === undefined ? '' : ' '}`,
  )
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** 1536 → `1.5 KiB`. */
export function size(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1_024 && unit < UNITS.length - 1) {
    value /= 1_024
    unit++
  }
  return `${unit === 0 ? value : Math.round(value * 10) / 10} ${UNITS[unit]}`
}

/** Per second: 12.34 → `12.3/s`, 1234 → `1,234/s`, and 0.5 → `30/m`. */
export const perSecond = (rate: number): string =>
  rate > 0 && rate < 1 ? `${rounded(rate * 60)}/m` : `${rounded(rate)}/s`

const rounded = (rate: number): string => {
  if (rate >= 100) return amount(Math.round(rate))
  return String(rate >= 10 ? Math.round(rate * 10) / 10 : Math.round(rate * 100) / 100)
}
