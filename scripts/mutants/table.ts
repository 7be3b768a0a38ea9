/** The guards of the library. */
import { mutant } from './mutant.ts'
import type { Mutant } from './mutant.ts'

const COLLECT = 'src/transport/collect.ts'
const HEAD = 'src/transport/head.ts'
const DECOMPRESS = 'src/transport/decompress.ts'
const FAULTS = 'src/transport/faults.ts'
const ADDRESSES = 'src/transport/addresses.ts'
const REDIRECT = 'src/layer/redirect.ts'
const COOKIES = 'src/store/cookies.ts'
const URLS = 'src/core/url.ts'
const HEADERS = 'src/core/headers.ts'
const MOULD = 'src/config/template.ts'

export const MUTANTS: readonly Mutant[] = [
  // What a body may cost
  {
    guard: 'the cap of decoded bytes',
    edits: [
      { file: DECOMPRESS, find: 'Math.min(Math.max(maxBytes, 1), 2 ** 32)', put: '2 ** 32' },
      { file: DECOMPRESS, find: 'if (opened.plain.byteLength > maxBytes) return', put: 'if (maxBytes < 0) return' },
      { file: 'src/transport/unpack.ts', find: 'if (bytes > maxBytes) throw', put: 'if (bytes < 0) throw' },
    ],
    tests: ['test/transport/decompress.test.ts'],
  },
  mutant(
    'the cap of bytes of a body',
    COLLECT,
    'if (bytes > this.#maxBytes) return this.#stop(this.#tooLarge())',
    'if (bytes < 0) return this.#stop(this.#tooLarge())',
    'test/transport/body.test.ts',
  ),
  mutant(
    'the cap of framing around a body',
    'src/transport/head.ts',
    'if (wireBytes <= allowed) return undefined',
    'if (wireBytes <= Infinity) return undefined',
    'test/transport/body.test.ts',
  ),
  mutant(
    'at most two codings',
    DECOMPRESS,
    'if (codings.length > MAX_CODINGS) return',
    'if (codings.length > 99) return',
    'test/transport/decompress.test.ts',
  ),
  mutant(
    'at most a hundred interim responses',
    HEAD,
    'if (count <= MAX_INTERIM_RESPONSES) return undefined',
    'if (count >= 0) return undefined',
    'test/transport/head.test.ts',
  ),
  // `ok` means whole
  mutant(
    'a body that ends before its length is truncated',
    FAULTS,
    "if (code === 'UND_ERR_SOCKET' && framing === 'length')",
    "if (code === 'none' && framing === 'length')",
    'test/transport/body.test.ts',
  ),
  mutant(
    'a reset is no end of a body',
    COLLECT,
    'if (broken && !this.#isRefusal()) return',
    'if (broken && this.#traffic.bytes < 0) return',
    'test/transport/body.test.ts',
  ),
  mutant(
    'no transfer coding but chunked',
    HEAD,
    'if (/^[ \\t]*chunked[ \\t]*$/i.test(given)) return undefined',
    'if (given !== undefined) return undefined',
    'test/properties/corruption.test.ts',
    'test/transport/body.test.ts',
  ),
  mutant(
    'a head is judged by all of it, however it was cut',
    COLLECT,
    'this.#firstRead = headSoFar(this.#firstRead, bytes)',
    'this.#firstRead ??= bytes',
    'test/properties/segmentation.test.ts',
  ),
  // What a redirect may carry
  mutant(
    'headers stay with their origin',
    REDIRECT,
    'crosses ? filterHeaders(call.headers, mayCross) : call.headers',
    'call.headers',
    'test/layer/redirect.test.ts',
  ),
  mutant(
    'credentials stay with their origin',
    REDIRECT,
    'credentials: crosses ? undefined : call.credentials',
    'credentials: call.credentials',
    'test/layer/redirect.test.ts',
  ),
  mutant(
    "the caller's cookies stay with their origin",
    REDIRECT,
    'atHome: call.atHome && !crosses',
    'atHome: call.atHome',
    'test/layer/redirect.test.ts',
    'test/store/cookies.test.ts',
  ),
  mutant(
    'a body stays with its origin',
    REDIRECT,
    'if (crosses && !plan.allowBodyAcrossOrigins) {',
    'if (crosses && plan.allowBodyAcrossOrigins && false) {',
    'test/layer/redirect.test.ts',
  ),
  mutant(
    'no way from https to http',
    REDIRECT,
    "parsed.origin.startsWith('http:') && !plan.allowDowngrade",
    "parsed.origin.startsWith('http:') && false",
    'test/layer/redirect.test.ts',
  ),
  mutant(
    'a loop is seen',
    REDIRECT,
    'if (visited.has(nameOf(hop))) {',
    "if (visited.has('')) {",
    'test/layer/redirect.test.ts',
  ),
  // Where a connection may go, and whose it is
  mutant(
    'private addresses are refused in a URL',
    ADDRESSES,
    'if (isIP(hostname) !== 0) return privateFault(hostname, [{ address: hostname }])',
    'if (isIP(hostname) !== 0) return undefined',
    'test/transport/addresses.test.ts',
  ),
  mutant(
    'private addresses are refused where a name has them',
    ADDRESSES,
    'return publicOnly ? privateFault(hostname, addresses) : undefined',
    'return undefined',
    'test/transport/addresses.test.ts',
  ),
  mutant(
    'private names are refused to a proxy, too',
    ADDRESSES,
    'return proxy === undefined ? undefined : this.#check(hostname)',
    'return undefined',
    'test/transport/guard.test.ts',
  ),
  mutant(
    'idle connections of HTTP/2 make room for others',
    'src/transport/h2-session.ts',
    'if (this.#isCounted) openSockets.rest(this)',
    '',
    'test/transport/shortage.test.ts',
  ),
  mutant(
    'certificates are checked',
    'src/transport/connect.ts',
    'rejectUnauthorized: verify,',
    'rejectUnauthorized: false,',
    'test/transport/connect.test.ts',
  ),
  mutant(
    'a connection belongs to its origin',
    'src/core/route.ts',
    'return proxy === undefined ? origin :',
    "return proxy === undefined ? 'any' :",
    'test/transport/sockets.test.ts',
  ),
  mutant(
    'a connection belongs to its proxy and the credentials for it',
    'src/core/route.ts',
    '`${origin} via ${proxy.key}`',
    '`${origin} via a proxy`',
    'test/transport/tunnel/pooling.test.ts',
  ),
  mutant(
    'a connection with the rest of a response on it is not used again',
    'src/transport/undici.ts',
    'if (isFree && expectation?.isDone !== false)',
    'if (expectation?.isDone !== false)',
    'test/hostile/d-codings.test.ts',
  ),
  // What is sent again
  mutant(
    'a request that may do harm twice is not repeated',
    'src/policy/judge.ts',
    "return call.repeatable && call.replayable ? 'retry' : 'done'\n}\n\nfunction isTransient",
    "return 'retry'\n}\n\nfunction isTransient",
    'test/policy/judge.test.ts',
    'test/transport/post-cut.test.ts',
  ),
  mutant(
    'a repeat on a stale connection is free',
    'src/layer/repeat.ts',
    'if (isStale(trial, result) && history.stale++ === 0) return AGAIN',
    'if (isStale(trial, result) && history.stale++ < 0) return AGAIN',
    'test/layer/retry.test.ts',
    'test/transport/sockets.test.ts',
  ),
  mutant(
    'a repeat on a stale connection is free only once',
    'src/layer/repeat.ts',
    'if (isStale(trial, result) && history.stale++ === 0) return AGAIN',
    'if (isStale(trial, result) && history.stale++ < 99) return AGAIN',
    'test/layer/retry.test.ts',
    'test/transport/sockets.test.ts',
  ),
  mutant(
    'what may have been carried out is in doubt',
    'src/policy/doubt.ts',
    'if (detail === undefined) return real',
    'if (detail !== null) return real',
    'test/policy/doubt.test.ts',
    'test/transport/doubt.test.ts',
  ),
  // What goes into a head
  mutant(
    'no control character in a header',
    HEADERS,
    'if (!VALUE.test(value)) {',
    'if (value === undefined) {',
    'test/bad-input',
    'test/transport/request.test.ts',
  ),
  mutant(
    'no control character in a URL',
    URLS,
    'if (CONTROL.test(input)) {',
    "if (input === '\\n') {",
    'test/core/url.test.ts',
    'test/bad-input',
  ),
  // Cookies
  mutant(
    'so many cookies of one response',
    COOKIES,
    'setCookies.slice(0, MAX_COOKIES_PER_RESPONSE)',
    'setCookies',
    'test/store/cookies.test.ts',
  ),
  mutant(
    'no cookie longer than 4 KiB',
    COOKIES,
    'if (cookie.length > MAX_COOKIE_LENGTH)',
    'if (cookie.length > Infinity)',
    'test/store/cookies.test.ts',
  ),
  mutant(
    'so many cookies in one request',
    COOKIES,
    'if (pairs.length <= MAX_COOKIES_PER_REQUEST && header.length <= MAX_HEADER_LENGTH) return header',
    'if (pairs.length >= 0) return header',
    'test/store/cookies.test.ts',
  ),
  mutant(
    'cookies by the credentials of a request',
    'src/store/jars.ts',
    'if (this.#isShared && identity === undefined) return this.client',
    'if (this.#isShared) return this.client',
    'test/store/identity.test.ts',
  ),
  mutant(
    'an auth function is a credential by its answer',
    'src/layer/session.ts',
    'if (call.identify !== undefined) call.trip.identity = call.identify(value)',
    '',
    'test/store/identity.test.ts',
  ),
  mutant(
    "the caller's Cookie header wins over the jar",
    COOKIES,
    'taken.size === 0 ? all',
    'taken.size >= 0 ? all',
    'test/store/identity.test.ts',
  ),
  // Secrets
  mutant(
    'secrets in a query are struck out',
    URLS,
    "isSecretQueryName(decode(name).replace(/[\\t\\r\\n]/g, ''), secretNames) ?",
    'secretNames === null ?',
    'test/secrets.test.ts',
  ),
  mutant(
    'userinfo is struck out',
    URLS,
    "const whole = url.includes('@') ? withoutUserinfo(url) : url",
    'const whole = url',
    'test/secrets.test.ts',
  ),
  mutant(
    'secrets in headers are struck out',
    'src/core/printable-headers.ts',
    'if (isSecretName(name, this.#secretNames)) shown[name] = REDACTED',
    'if (this.#secretNames === null) shown[name] = REDACTED',
    'test/secrets.test.ts',
  ),
  mutant(
    'what hides in an instance of a class is no mould for others',
    MOULD,
    'if (prototype !== Object.prototype && prototype !== null) return undefined',
    'if (prototype === undefined) return undefined',
    'test/config/template.test.ts',
  ),
  mutant(
    'what a proxy or hidden fields say is no mould for others',
    MOULD,
    'for (const name of Object.getOwnPropertyNames(spec)) {',
    'hasUrl = true\n  for (const name in spec) {',
    'test/config/template.test.ts',
  ),
  mutant(
    "the server's bytes in an error do not print",
    FAULTS,
    "Reflect.deleteProperty(foreign, 'data')",
    "Object.defineProperty(foreign, 'data', { enumerable: false })",
    'test/properties/secrets.test.ts',
  ),
]
