/** The flags for the input: the sources of requests and their formats. Rows of the flag table (flags.ts). */
import { aSwitch, choosing, setting, taking } from './flag.ts'
import { asFolder, bytes, delimiter, encoding, number, text } from './flag-readers.ts'
import { count } from '../config/kinds.ts'

const FORMATS = ['lines', 'csv', 'tsv', 'jsonl', 'json'] as const

export const INPUT_FLAGS = {
  input: taking('Input', 'FILE', text, 'read URLs or requests from FILE; - is standard input', {
    short: 'i',
    repeat: true,
    common: true,
    more: 'Lists (one URL per line; blank lines and lines that begin with # are skipped), CSV and TSV with a header, JSON lines with one request each, or a JSON array of requests. The extension of the file says which, or --format. Files may be compressed: .csv.gz. Without -i, and with no URL or only a template, standard input is read if it is a pipe or a file.',
  }),
  format: choosing('Input', 'FORMAT', FORMATS, 'format of the input', {
    default: 'by the extension of the file; else lines',
  }),
  delimiter: taking('Input', 'CHARACTER', delimiter, "character between the cells of a CSV input: ';'", {
    default: 'a comma; a tab for tsv',
  }),
  encoding: taking('Input', 'NAME', encoding, 'encoding of the input: windows-1252, shift_jis, utf-16le …', {
    default: 'UTF-8, or that of the byte-order mark',
    more: 'Names as in the WHATWG Encoding Standard. The encoding is never guessed; invalid bytes end the run.',
  }),
  'max-line': taking('Input', 'SIZE', bytes, 'maximum length of an input line or a CSV row, in characters: 64MiB', {
    default: '16MiB',
    more: 'A longer line of a list or of JSON lines fails alone. A longer row of CSV ends the run; usually a quote is missing.',
  }),
  curl: taking('Input', 'COMMAND', text, 'take a pasted curl command as the request', {
    more: 'Its URL, method, headers, body and options become those of this run; other flags override them.',
  }),
  limit: taking('Input', 'N', number(count(1)), 'send only the first N requests of the input, after expanding ranges', {
    default: 'none',
  }),
  'allow-empty': aSwitch('Input', 'allow empty cells as path segments of a URL'),
  'base-url': setting('Input', 'URL', 'baseUrl', asFolder, {
    doc: 'base of relative URLs; a slash is added at its end',
  }),
} as const
