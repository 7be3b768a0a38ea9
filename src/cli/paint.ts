/** Colours, where somebody will see them: a terminal that wants them (`NO_COLOR` and its friends are obeyed). */
import { styleText } from 'node:util'

type Format = 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow'
export type Paint = (format: Format, text: string) => string

export const paintFor =
  (stream: NodeJS.WriteStream): Paint =>
  (format, text) =>
    styleText(format, text, { stream, validateStream: true })
