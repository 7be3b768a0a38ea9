/** A text → a Proxy, or a description of the mistake that shows no part of the text, since it may be a password. */
import type { Proxy } from '../core/route.ts'

/** Why a text is not a proxy: what it is instead, and what to write. */
export interface NoProxy {
  readonly shown: string
  readonly remedy: string
}

const PORTS = { 'http:': 80, 'https:': 443, 'socks5:': 1080 } as const
export const PROXY_URL_REMEDY = "Write 'http://user:password@proxy.example:3128', with http:, https: or socks5:."
/** RFC 1929 stores the length of each in one byte. */
const MAX_SOCKS_BYTES = 255

/** `scheme://user:password@host:port`, `user:password@host:port`, `host:port` or `host:port:user:password`. */
export function parseProxy(text: string): Proxy | NoProxy {
  // oxlint-disable-next-line no-control-regex -- `new URL` drops some of them, and two lines would become one
  if (/[\x00-\x20\x7f]/.test(text)) {
    return { shown: 'a text with blanks or control characters', remedy: 'Percent-encode or remove them.' }
  }
  if (text.includes('://')) return parseProxyUrl(text)
  if (text.includes('@')) return parseProxyUrl(`http://${text}`)
  const parts = /^(\[[^\]]*\]|[^:[\]]+):(\d+)(?::([^:]+):(.*))?$/s.exec(text)
  if (parts === null) return { shown: 'a text that is not a URL', remedy: PROXY_URL_REMEDY }
  const [, host = '', port = '', username, password = ''] = parts
  const bare = parseProxyUrl(`http://${host}:${port}`)
  return username === undefined || 'remedy' in bare ? bare : withCredentials(bare, username, password)
}

function parseProxyUrl(text: string): Proxy | NoProxy {
  const url = URL.parse(text)
  if (url === null || url.hostname === '') {
    return { shown: 'a text that is not a URL', remedy: `${PROXY_URL_REMEDY} Percent-encode / ? # @ : in a password.` }
  }
  // `socks5h:` means that the proxy resolves names; ours always does.
  const protocol = url.protocol === 'socks5h:' ? 'socks5:' : url.protocol
  if (protocol !== 'http:' && protocol !== 'https:' && protocol !== 'socks5:') {
    const known = /^(?:socks4a?|socks|ftp|wss?):$/.test(protocol) ? `one with ${protocol}` : 'one with another scheme'
    return { shown: known, remedy: 'Use http:, https: or socks5:.' }
  }
  if ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '') {
    return { shown: 'one with a path', remedy: 'Leave out what follows the port.' }
  }
  if (url.port === '0') return { shown: 'one with port 0', remedy: 'Write the port on which it listens.' }
  const { hostname } = url
  // For unknown schemes, `new URL` does not parse the host.
  const host = protocol === 'socks5:' ? URL.parse(`http://${hostname}`)?.hostname : hostname
  if (host === undefined) return { shown: 'one without a valid host', remedy: PROXY_URL_REMEDY }
  const port = url.port === '' ? PORTS[protocol] : Number(url.port)
  const name = `${protocol}//${host}:${port}`
  const proxy: Proxy = {
    protocol,
    hostname: host.replace(/^\[|\]$/g, ''),
    port,
    credentials: undefined,
    key: name,
    name,
  }
  if (url.username === '' && url.password === '') return proxy
  const username = percentDecoded(url.username)
  const password = percentDecoded(url.password)
  if (username === undefined || password === undefined) {
    return { shown: 'credentials that are not percent-encoded', remedy: 'Write % as %25.' }
  }
  return withCredentials(proxy, username, password)
}

function withCredentials(proxy: Proxy, username: string, password: string): Proxy | NoProxy {
  // oxlint-disable-next-line no-control-regex -- they are what could end a header
  if (/[\x00-\x1f\x7f]/.test(username + password)) {
    return { shown: 'credentials with control characters', remedy: 'Check for line breaks at their end.' }
  }
  if (proxy.protocol === 'socks5:') {
    const isSendable = (part: string): boolean => Buffer.byteLength(part) <= MAX_SOCKS_BYTES
    if (username === '' || !isSendable(username) || !isSendable(password)) {
      const shown = username === '' ? 'a password without a user' : 'credentials of more than 255 bytes'
      return { shown, remedy: 'SOCKS5 (RFC 1929) takes a user and a password of up to 255 bytes each.' }
    }
  } else if (username.includes(':')) {
    return { shown: "a user with ':' in it", remedy: 'It ends the name in RFC 7617: ask for another user.' }
  }
  return { ...proxy, credentials: { username, password }, key: JSON.stringify([proxy.name, username, password]) }
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
