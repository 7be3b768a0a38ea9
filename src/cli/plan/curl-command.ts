/** Writes a request as a curl command that a shell can run, with its secrets redacted. */
import { shellWord } from '../shell-word.ts'
import type { Call } from '../../core/call.ts'
import { REDACTED, isSecretName } from '../../core/headers.ts'
import { withoutSecretsOf } from '../../core/secrets.ts'
import { printableUrl } from '../../core/url.ts'

/** Headers that describe preq itself; curl sends its own. */
const OWN: ReadonlySet<string> = new Set(['accept-encoding', 'user-agent'])

export function curlCommand(call: Call): string {
  const { method, url, headers, body, credentials, plan } = call
  const parts = ['curl']
  if (method === 'HEAD') parts.push('-I')
  else if (method !== (body === undefined ? 'GET' : 'POST')) parts.push('-X', shellWord(method))
  parts.push(shellWord(printableUrl(url, plan.secretNames)))
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string
    if (OWN.has(name) || (name === 'accept' && headers[at + 1]?.includes('*/*') === true)) continue
    parts.push(
      '-H',
      shellWord(`${name}: ${isSecretName(name, plan.secretNames) ? REDACTED : (headers[at + 1] as string)}`),
    )
  }
  if (credentials !== undefined) parts.push('-H', shellWord(`authorization: ${REDACTED}`))
  if (typeof body === 'string') parts.push('--data-raw', shellWord(withoutSecretsOf(call, body)))
  else if (body !== undefined) parts.push('--data-binary', '@-')
  return parts.join(' ')
}
