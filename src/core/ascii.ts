/** The code points of ASCII characters that parsers and writers look for byte by byte. */

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const QUOTE = 0x22
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const AT_SIGN = 0x40
export const BACKSLASH = 0x5c
