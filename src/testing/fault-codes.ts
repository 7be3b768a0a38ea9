/** The codes of failures that a mock transport can give: those of a network, and of what is read from it. */
import { nearest } from '../config/names.ts'
import { PREEMPTED } from '../core/result.ts'
import type { FaultCode } from '../core/result.ts'

/** By class, each with its details. A test compares them with docs/reference/errors.md. */
export const MOCK_FAULTS = {
  dns: ['not_found', 'empty', 'temporary', 'failed'],
  connect: ['refused', 'unreachable', 'denied', 'reset', 'tls_reset'],
  tls: ['untrusted', 'expired', 'hostname', 'not_tls', 'client_certificate', 'handshake'],
  proxy: ['auth', 'connect', 'tls', 'refused', 'unreachable', 'protocol', 'failed'],
  timeout: ['dns', 'connect', 'proxy', 'tls', 'headers', 'body', 'idle', 'total', 'callback', 'low_speed', 'poll'],
  reset: [
    'before_headers',
    'mid_headers',
    'request_body',
    'stream',
    'refused',
    'goaway',
    'enhance_your_calm',
    'http_1_1_required',
  ],
  protocol: [
    'not_http',
    'version',
    'status',
    'malformed_head',
    'content_length',
    'transfer_encoding',
    'chunk',
    'upgrade',
    'unexpected_100',
    'too_many_1xx',
    'location',
    'h2',
  ],
  truncated: ['length', 'chunked', 'reset', 'unverified', 'checksum', 'range', 'item', 'event'],
  decode: ['unsupported', 'not_gzip', 'corrupt', 'truncated', 'chain'],
  too_large: ['headers', 'body', 'decoded', 'wire', 'item', 'run_file'],
  blocked: ['address', 'permission'],
  resource: ['fd', 'port', 'memory', 'disk', 'file', 'run_file', 'package', 'poison'],
} as const

const CLASSES: readonly string[] = Object.keys(MOCK_FAULTS)
const CODES: readonly string[] = Object.entries(MOCK_FAULTS).flatMap(([of, details]) =>
  details.map(detail => `${of}/${detail}`),
)
const KNOWN: ReadonlySet<unknown> = new Set([...CODES, PREEMPTED])

/** What is wrong with a `fault` of a mock handler, and what to write. Undefined if a transport can give it. */
export function unknownFault(code: FaultCode): string | undefined {
  if (KNOWN.has(code)) return undefined
  if (typeof code !== 'string') return `a fault that is not a string: write it as 'connect/refused'`
  return `an unknown fault, '${code}': ${adviceFor(code)}`
}

function adviceFor(code: string): string {
  const status = /^http\/(\d{3})$/.exec(code)?.[1]
  if (status !== undefined) return `return { status: ${status} }`
  const near = nearest(code, CODES)
  if (near !== undefined) return `did you mean '${near}'?`
  const of = code.split('/', 1)[0] ?? ''
  return CLASSES.includes(of)
    ? `the codes of this class are ${CODES.filter(one => one.startsWith(`${of}/`)).join(', ')}`
    : `the classes of codes are ${CLASSES.join(', ')}`
}
