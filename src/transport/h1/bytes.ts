/** Classes of bytes in HTTP/1.1 (RFC 9110 §5.5, §5.6; RFC 9112 §2.2) as lookup tables: one read per byte. */
import { SP, TAB } from '../../core/ascii.ts'

function table(accepts: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => Number(accepts(code)))
}

/** Token characters, as in field names. */
export const IS_TOKEN: Uint8Array = table(code => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(String.fromCodePoint(code)))
/** Characters of a field value, a reason phrase or a chunk extension: tab, space, visible characters and obs-text. */
export const IS_TEXT: Uint8Array = table(code => code === TAB || (code >= SP && code !== 0x7f))
/** The value of a hexadecimal digit; 255 for other bytes. */
export const HEX_VALUES: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = Number.parseInt(String.fromCodePoint(code), 16)
  return Number.isNaN(digit) ? 255 : digit
})
