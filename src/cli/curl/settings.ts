/** Translates curl's options for connections, timeouts and retries into the flags of preq that mean the same. */
import type { Given } from './arguments.ts'
import { wordText } from './data.ts'
import { UsageError } from '../usage-error.ts'

export type CurlFlag = readonly [
  name:
    | 'allow-host-header'
    | 'connect-timeout'
    | 'http2'
    | 'insecure'
    | 'keep-method'
    | 'max-redirects'
    | 'no-follow'
    | 'proxy'
    | 'retries'
    | 'timeout'
    | 'tls-ca'
    | 'tls-cert'
    | 'tls-key',
  value: string | true,
]

/** curl's default; preq's is lower. */
const MAX_REDIRECTS = '50'

export function curlSettings(options: readonly Given[], hasHost: boolean): CurlFlag[] {
  const last = (name: string): string | undefined => {
    const value = options.findLast(option => option.name === name)?.value
    return value === undefined ? undefined : wordText(value, `--${name}`)
  }
  const has = (name: string): boolean => options.some(option => option.name === name)
  const flags: CurlFlag[] = []
  const add = (name: CurlFlag[0], value: string | true | undefined): void => {
    if (value !== undefined) flags.push([name, value])
  }
  if (has('location')) add('max-redirects', redirects(last('max-redirs')))
  else add('no-follow', true)
  // curl uses the method of -X for every redirect hop.
  if (has('location') && has('request')) add('keep-method', true)
  if (has('insecure')) add('insecure', true)
  if (has('http2')) add('http2', true)
  if (hasHost) add('allow-host-header', true)
  add('timeout', durationText(last('max-time'), '--max-time', 'none'))
  add('connect-timeout', durationText(last('connect-timeout'), '--connect-timeout', undefined))
  add('retries', wholeNumber(last('retry'), '--retry'))
  add('proxy', proxy(last('proxy')))
  add('tls-ca', last('cacert'))
  const cert = last('cert')
  if (cert?.includes(':') === true)
    throw refusedValue('--cert', 'a password in it', 'Use a key without one, with --tls-key.')
  add('tls-cert', cert)
  // Without --key, curl reads the key from the file of the certificate.
  add('tls-key', last('key') ?? cert)
  return flags
}

function redirects(given: string | undefined): string {
  return given === '-1' ? 'none' : (wholeNumber(given, '--max-redirs') ?? MAX_REDIRECTS)
}

/** @param zero the flag's value for 0; undefined keeps preq's default */
function durationText(given: string | undefined, option: string, zero: string | undefined): string | undefined {
  if (given === undefined) return undefined
  if (!/^\d+(?:\.\d+)?$/.test(given))
    throw refusedValue(option, 'one that is not a number of seconds', "Write it as '2.5'.")
  return Number(given) === 0 ? zero : `${given}s`
}

function wholeNumber(given: string | undefined, option: string): string | undefined {
  if (given !== undefined && !/^\d+$/.test(given))
    throw refusedValue(option, 'one that is not a whole number', "Write it as '3'.")
  return given
}

/** Refuses a proxy without a port, for which curl uses 1080, the port of SOCKS proxies. */
function proxy(given: string | undefined): string | undefined {
  if (given === undefined) return undefined
  if (given === '') return 'none'
  if (!/:\d+\/?$/.test(given)) throw refusedValue('--proxy', 'one without a port', "Write it as 'http://host:3128'.")
  return given
}

const refusedValue = (option: string, what: string, remedy: string): UsageError =>
  new UsageError(`--curl: ${option}: expected a value that preq supports, got ${what}. ${remedy}`)
