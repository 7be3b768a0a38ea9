/** Colours for a terminal that supports them. Obeys `NO_COLOR` and related variables. */
import { styleText } from 'node:util'

type Format = 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow'
export type Paint = (format: Format, text: string) => string

export const paintFor =
  (stream: NodeJS.WriteStream): Paint =>
  (format, text) =>
    styleText(format, text, { stream, validateStream: true })
