/**
 * Every code of a failure, with what happened and what to do: the page docs/reference/errors.md. A test compares the list
 * with the codes in src/.
 */
import type { FaultClass } from '../../src/core/result.ts'

export interface CodeEntry {
  readonly happened: string
  readonly remedy: string
}

/** What the failures of a class have in common. */
export const CLASSES: Readonly<Record<FaultClass, string>> = {
  dns: 'The name of the host could not be resolved. Nothing was sent.',
  connect: 'No connection could be opened. Nothing was sent.',
  tls: 'The TLS handshake failed. No request was sent.',
  proxy: 'The proxy failed, not the server. Nothing has reached the server. See [proxies](../proxies.md).',
  timeout: 'A time limit was exceeded. The detail names the phase in which the attempt timed out, or the limit itself.',
  reset: 'The connection was closed before a response arrived.',
  protocol: 'The response is not valid HTTP, so nothing in it can be trusted. The connection is closed.',
  truncated: 'The body is incomplete. An incomplete body is never returned as the value.',
  decode: 'The body does not match its `content-encoding`.',
  parse: 'The body is not what `returnType` expects.',
  schema: 'The value does not match the schema.',
  too_large: 'A size limit was exceeded. See [the limits](options.md).',
  redirect: 'A redirect, or the URL of a next page, was not followed.',
  follow: 'A next page or follow-up request could not be found. See [pages](../pagination.md#error-codes).',
  poll: 'A job has failed, or cannot be polled. See [polling](../polling.md).',
  blocked: 'An option or a permission of this process forbids the connection. Nothing was sent.',
  http: 'The server responded with a status that `acceptStatus` does not accept. `error.body` has the beginning of the response body.',
  auth: 'There is no valid token. See [tokens](../tokens.md).',
  callback: 'One of your functions threw, or returned an invalid value. `error.cause` is the thrown error.',
  invalid_request: 'The request is invalid and was not sent. Other requests are not affected.',
  circuit: 'The circuit breaker of the host is open. The request was not sent.',
  paused: 'The host asked for a pause that is too long. Its requests were not carried out.',
  in_doubt:
    'An unsafe request (POST, PATCH …) was sent, but no response arrived: the server may have carried it out. `error.cause` is the underlying failure. The request is never retried automatically; an [idempotency key](options.md#idempotencykey) makes a retry safe.',
  aborted: 'The run was ended by `signal`, by leaving the loop, by `maxFailures` or by `close()`.',
  resource: 'A resource of this machine is exhausted or unusable.',
  internal: 'The library, a transport or a mock has a bug. The request is not retried. Please report it.',
}

const SOONER_OR_LATER = 'Retried automatically. If it still fails, send it again later: `retryFailed`, `--retry-only`.'
const REPORT = 'Report it, with the message and the stack of `error.cause`.'
const BROKEN_SERVER = 'Tell the operator of the server (or of the proxy in front of it); the client cannot fix it.'

export const CODES: Readonly<Record<string, CodeEntry>> = {
  'dns/not_found': { happened: 'The host name does not exist.', remedy: 'Correct the host name. Not retried.' },
  'dns/empty': { happened: 'The host name has no address.', remedy: 'Correct the host name, or its DNS records.' },
  'dns/temporary': {
    happened: 'The lookup failed temporarily (EAI_AGAIN, SERVFAIL).',
    remedy: 'Retried automatically. If it persists, check the network and the DNS resolver of this machine.',
  },
  'dns/failed': {
    happened: 'The lookup failed for another reason.',
    remedy: 'Read the message: it has the error code of the resolver.',
  },

  'connect/refused': {
    happened: 'The host refused the connection: nothing listens on that port.',
    remedy: 'Check host and port, and whether the server runs. Retried automatically.',
  },
  'connect/unreachable': {
    happened: 'There is no route to the host or its network.',
    remedy: 'Check the network, VPN and IPv6 of this machine. Retried automatically.',
  },
  'connect/denied': {
    happened: 'The operating system forbids the connection (EACCES, EPERM).',
    remedy: 'Check firewall and sandbox. Not retried.',
  },
  'connect/reset': { happened: 'The connection was reset while it was being opened.', remedy: SOONER_OR_LATER },
  'connect/tls_reset': {
    happened: 'The connection ended during the TLS handshake.',
    remedy:
      'Retried automatically. If it persists, the server may require another TLS version or host name, or the port is wrong.',
  },

  'tls/untrusted': {
    happened: 'The certificate is self-signed, or its issuer is unknown.',
    remedy:
      'Pass the root certificate of its issuer: `tls: { ca }`, `--tls-ca`. `verifySsl: false` (`--insecure`) turns verification off.',
  },
  'tls/expired': {
    happened: 'The certificate has expired, or is not valid yet.',
    remedy: 'Check the clock of this machine. If it is right, the server needs a new certificate.',
  },
  'tls/hostname': {
    happened: 'The certificate is for another host.',
    remedy: 'Use a host name that the certificate contains.',
  },
  'tls/not_tls': { happened: 'The port does not speak TLS.', remedy: 'Use `http:`, or the right port.' },
  'tls/client_certificate': {
    happened: 'The server refuses the client certificate, or requires one.',
    remedy: 'Give `tls: { cert, key }` or `tls: { pfx }`.',
  },
  'tls/handshake': {
    happened: 'The handshake failed for another reason.',
    remedy: 'Read the message: it has the error of OpenSSL.',
  },

  'proxy/auth': {
    happened: 'The proxy refuses its credentials (407).',
    remedy: 'Correct user and password of the proxy. It is not used before `proxyCooldown` is over.',
  },
  'proxy/connect': {
    happened: 'No connection to the proxy could be opened.',
    remedy: 'Check host and port of the proxy.',
  },
  'proxy/tls': {
    happened: 'The TLS handshake with the `https:` proxy failed.',
    remedy: 'Check its certificate, and whether it is an `http:` proxy.',
  },
  'proxy/refused': {
    happened: 'The proxy refuses to connect to the host.',
    remedy: 'Ask the operator of the proxy for permission, or use another proxy. A 5xx of a proxy is retried.',
  },
  'proxy/unreachable': {
    happened: 'The proxy cannot reach the host.',
    remedy: 'Check the host name. Retried automatically.',
  },
  'proxy/protocol': {
    happened: 'The proxy does not speak the protocol of its URL.',
    remedy: 'Check the scheme of its URL: `http:`, `https:` or `socks5:`.',
  },
  'proxy/failed': { happened: 'The SOCKS proxy reports a general failure.', remedy: SOONER_OR_LATER },

  'timeout/dns': {
    happened: 'The lookup of the host took too long.',
    remedy: 'Raise `timeouts.connect` or `timeout`; check the resolver.',
  },
  'timeout/connect': {
    happened: 'The host did not accept the connection in time.',
    remedy: 'Check host, port and firewall; raise `timeouts.connect`.',
  },
  'timeout/proxy': {
    happened: 'The proxy did not connect in time.',
    remedy: 'Use another proxy, or raise `timeouts.connect`.',
  },
  'timeout/tls': {
    happened: 'The TLS handshake took too long.',
    remedy: 'Raise `timeouts.connect`. The port may not speak TLS.',
  },
  'timeout/headers': {
    happened: 'The response headers did not arrive in time.',
    remedy: 'Raise `timeouts.headers` or `timeout`; send fewer requests at once.',
  },
  'timeout/body': {
    happened: 'The body stalled, or the attempt ended while it was read.',
    remedy: 'Raise `timeouts.idle` for stalls, `timeout` for large bodies.',
  },
  'timeout/idle': { happened: 'The upload stalled.', remedy: 'Raise `timeouts.idle`; check the source of the body.' },
  'timeout/total': {
    happened: 'The whole request, with its waits and retries, took too long.',
    remedy: 'Raise `timeouts.total`. Not retried.',
  },
  'timeout/callback': {
    happened: 'One of your functions took too long.',
    remedy: 'Raise `timeouts.callback`, or make the function faster. Not retried.',
  },
  'timeout/low_speed': {
    happened: 'The body arrived more slowly than `minSpeed`.',
    remedy: 'Lower `minSpeed`, or turn it off with `minSpeed: false`.',
  },
  'timeout/poll': {
    happened: 'The job was not done before `poll.deadline`.',
    remedy: 'Raise `poll.deadline`. With a run file, the next run continues to poll the same job.',
  },

  'reset/before_headers': { happened: 'The connection ended before a response.', remedy: SOONER_OR_LATER },
  'reset/mid_headers': { happened: 'The connection ended within the head of the response.', remedy: SOONER_OR_LATER },
  'reset/request_body': {
    happened: 'The connection ended while the body was being sent.',
    remedy: 'The server may refuse bodies of that size. Retried automatically if the body can be sent again.',
  },
  'reset/stream': { happened: 'The server reset the HTTP/2 stream before a response.', remedy: SOONER_OR_LATER },
  'reset/refused': {
    happened: 'The server refused the HTTP/2 stream without processing the request.',
    remedy: 'Retried automatically, for every method.',
  },
  'reset/goaway': { happened: 'The server ended the HTTP/2 connection before a response.', remedy: SOONER_OR_LATER },
  'reset/enhance_your_calm': {
    happened: 'The server throttles the HTTP/2 connection (ENHANCE_YOUR_CALM).',
    remedy: 'The host is paused, and the request is retried. Set a `rateLimit` or a lower `concurrency`.',
  },
  'reset/http_1_1_required': {
    happened: 'The server wants HTTP/1.1 for this request.',
    remedy: 'Retried automatically over HTTP/1.1. If it persists, set `http2: false`.',
  },

  'protocol/not_http': { happened: 'The response is not HTTP.', remedy: 'Check the port and the scheme.' },
  'protocol/version': {
    happened: 'The version of HTTP is unknown, or there is no status line.',
    remedy: 'Check the port.',
  },
  'protocol/status': { happened: 'The status is not a number from 100 to 999.', remedy: BROKEN_SERVER },
  'protocol/malformed_head': {
    happened: 'The status line or a header of the response is malformed.',
    remedy: BROKEN_SERVER,
  },
  'protocol/content_length': {
    happened: '`content-length` is invalid, contradictory, or combined with `transfer-encoding`.',
    remedy: BROKEN_SERVER,
  },
  'protocol/transfer_encoding': { happened: '`transfer-encoding` is not `chunked`.', remedy: BROKEN_SERVER },
  'protocol/chunk': { happened: 'The chunks of the body are invalid.', remedy: BROKEN_SERVER },
  'protocol/upgrade': { happened: 'The server changed the protocol (101) without being asked.', remedy: BROKEN_SERVER },
  'protocol/unexpected_100': {
    happened: 'A transport of undici got a 100 without being asked.',
    remedy: 'Use the built-in transport, which accepts it.',
  },
  'protocol/too_many_1xx': { happened: 'The server sent too many interim responses.', remedy: BROKEN_SERVER },
  'protocol/location': { happened: 'A redirect has several different `Location` headers.', remedy: BROKEN_SERVER },
  'protocol/h2': {
    happened: 'The server violated the HTTP/2 protocol.',
    remedy: 'Use `http2: false` for this server.',
  },

  'truncated/length': { happened: 'The connection ended before the announced length.', remedy: SOONER_OR_LATER },
  'truncated/chunked': { happened: 'The connection ended before the last chunk.', remedy: SOONER_OR_LATER },
  'truncated/reset': { happened: 'The connection was reset within the body.', remedy: SOONER_OR_LATER },
  'truncated/unverified': {
    happened: 'The body has no length and no chunks, so its end cannot be verified, and `strictIntegrity` is set.',
    remedy: "Leave `strictIntegrity` out to accept such bodies, with `integrity: 'unverified'`. Not retried.",
  },
  'truncated/checksum': {
    happened: 'The body does not match `checksum`.',
    remedy: 'Check the checksum, and whether the file on the server has changed.',
  },
  'truncated/range': {
    happened: 'An interrupted download could not be continued.',
    remedy: 'Retried automatically from the beginning.',
  },
  'truncated/item': {
    happened: "The body ended within a line of JSON (`returnType: 'ndjson'`).",
    remedy: 'Items before it were delivered. Send the request again.',
  },
  'truncated/event': {
    happened: "The body ended within an event (`returnType: 'sse'`).",
    remedy: 'Events before it were delivered. Send the request again.',
  },

  'decode/unsupported': {
    happened: 'The `content-encoding` is not supported.',
    remedy: "`contentCoding: 'lenient'` delivers the body as it came.",
  },
  'decode/not_gzip': {
    happened: 'The body does not have the encoding that its header names.',
    remedy: "`contentCoding: 'lenient'` delivers the body as it came.",
  },
  'decode/corrupt': { happened: 'The compressed body is damaged.', remedy: SOONER_OR_LATER },
  'decode/truncated': { happened: 'The compressed body ends too early.', remedy: SOONER_OR_LATER },
  'decode/chain': {
    happened: 'The body has too many nested encodings.',
    remedy: "`contentCoding: 'raw'` delivers it as it came.",
  },

  'parse/json': {
    happened: 'The body is not JSON. The message has the position.',
    remedy: "Check the URL (error pages are often HTML), or use `returnType: 'text'`.",
  },
  'parse/empty': {
    happened: 'The body is empty, and JSON was expected.',
    remedy: "Use `returnType: 'text'` if empty bodies are valid.",
  },
  'parse/too_deep': {
    happened: 'The JSON is nested deeper than `maxJsonDepth`.',
    remedy: "Raise `maxJsonDepth`, or use `returnType: 'text'`.",
  },
  'parse/events': {
    happened: 'The body is not an event stream.',
    remedy: 'Check the URL, and the `accept` header that the API expects.',
  },

  'schema/mismatch': {
    happened: 'The value does not match `schema`. `error.issues` lists the differences.',
    remedy: 'Correct the schema. A run file keeps the value, and a rerun checks it again without a request.',
  },

  'too_large/headers': {
    happened: 'The head of the response is larger than `maxHeaderBytes`, or has too many headers.',
    remedy: 'Raise `maxHeaderBytes`.',
  },
  'too_large/body': {
    happened: 'The body is larger than `maxResponseBytes`.',
    remedy: 'Raise `maxResponseBytes`, or stream or save the body.',
  },
  'too_large/decoded': {
    happened: 'The decoded body is larger than `maxResponseBytes`.',
    remedy: 'Raise `maxResponseBytes`, unless it is a decompression bomb.',
  },
  'too_large/wire': { happened: 'The chunk framing is far larger than the body in it.', remedy: BROKEN_SERVER },
  'too_large/item': { happened: 'A line or an event is larger than `maxItemBytes`.', remedy: 'Raise `maxItemBytes`.' },
  'too_large/run_file': {
    happened: 'The value is too large for a line of the run file.',
    remedy: "Save such bodies as files: `returnType: 'file'`.",
  },

  'redirect/too_many': {
    happened: 'The number of redirects exceeds `maxRedirects`.',
    remedy: 'Raise `maxRedirects`, or give the final URL.',
  },
  'redirect/loop': {
    happened: 'The URL redirects to itself endlessly.',
    remedy: 'The server may need a cookie or a login.',
  },
  'redirect/invalid': { happened: 'The target is not a valid URL.', remedy: BROKEN_SERVER },
  'redirect/scheme': {
    happened: 'The target is neither http: nor https:.',
    remedy: '`followRedirects: false` returns the redirect itself.',
  },
  'redirect/downgrade': {
    happened: 'The target leads from https to http.',
    remedy: '`allowDowngrade: true`, if that is acceptable.',
  },
  'redirect/body_cross_origin': {
    happened: 'A 307 or 308 would send the body to another origin.',
    remedy: '`allowBodyAcrossOrigins: true`, or give the final URL.',
  },
  'redirect/body_not_replayable': {
    happened: 'The body is a stream that has been read, so it cannot be sent again.',
    remedy: 'Give a function that opens the stream.',
  },
  'redirect/precondition': {
    happened: 'A write with a precondition (`if-match` …) would be sent to another origin.',
    remedy: 'Give the final URL.',
  },

  'follow/callback': {
    happened: '`follow`, `items`, `until` or a function of `paginate` threw.',
    remedy: 'Correct the function.',
  },
  'follow/loop': {
    happened: 'The next page was already read.',
    remedy: 'Check `next` and `param` of `paginate`.',
  },
  'follow/too_many': {
    happened: 'There are more pages than `maxPages`.',
    remedy: 'Raise `maxPages`. `error.items` has the items so far.',
  },
  'follow/depth': { happened: 'Lists of follow-ups are nested deeper than `maxDepth`.', remedy: 'Raise `maxDepth`.' },
  'follow/items': { happened: '`items` does not select a list.', remedy: 'Correct `items`.' },
  'follow/next': {
    happened: 'The cursor or URL of the next page is missing or invalid.',
    remedy: 'Correct `paginate.next`.',
  },
  'follow/param': {
    happened: 'The request has no parameter for the cursor or the page number.',
    remedy: 'Correct `paginate.param`, or give a JSON body.',
  },
  'follow/total': {
    happened: 'The total that the API reports contradicts its first page, or is not a number.',
    remedy: 'Correct `paginate.total`, or leave it out: pages are then read until one has no items.',
  },
  'follow/gap': {
    happened:
      'A later page has a different number of items than the first one, so items would be missing or duplicated.',
    remedy: 'Leave `paginate.total` out: pages are then read one after the other.',
  },
  'follow/errors': {
    happened: 'The page reports an error with status 200 (GraphQL, Slack, MediaWiki, Elasticsearch …).',
    remedy: 'Read the message.',
  },
  'follow/undetected': {
    happened: "`paginate: 'auto'` found no style.",
    remedy: 'Name the style: see [pages](../pagination.md).',
  },

  'poll/failed': {
    happened: 'The server reports that the job has failed.',
    remedy: 'Read `error.body`. `retryFailed` starts a new job.',
  },
  'poll/no_status': {
    happened: 'A response has no status at the path `poll.status`.',
    remedy: 'Correct `poll.status`.',
  },
  'poll/no_status_url': {
    happened: 'The first response has no URL for the status of the job.',
    remedy: 'Set `poll.url`.',
  },
  'poll/no_result': {
    happened: 'The last response has no URL at the path `poll.result`.',
    remedy: 'Correct `poll.result`.',
  },
  'poll/invalid_url': { happened: 'The URL of the job is invalid.', remedy: 'Correct `poll.url` or `poll.result`.' },
  'poll/downgrade': {
    happened: 'The URL of the job leads from https to http.',
    remedy: '`allowDowngrade: true`, if that is acceptable.',
  },

  'blocked/address': {
    happened: 'The host has a private or reserved address, and `blockPrivateAddresses` is set.',
    remedy: 'Expected for untrusted URLs. Turn the option off for your own network.',
  },
  'blocked/permission': {
    happened: 'The permission model of Node or Deno forbids the network.',
    remedy: 'Start the process with `--allow-net`.',
  },

  'http/<status>': {
    happened: 'The server responded with this status, such as `http/404`.',
    remedy:
      'See [failures](../failures.md#send-only-some-failures-again) for the remedy by status; `acceptStatus` makes a status a success.',
  },

  'auth/refresh': {
    happened: 'The token could not be refreshed.',
    remedy: 'Read the message: it has the response of the token endpoint, or the error that `refresh` threw.',
  },

  'callback/parse': {
    happened: '`parseFunc` threw.',
    remedy: 'Correct it. A run file keeps the value, and a rerun parses it again without a request.',
  },
  'callback/schema': {
    happened: 'The schema itself threw, instead of reporting issues.',
    remedy: 'Correct the schema.',
  },
  'callback/hook': { happened: 'A hook, `auth` or `retry.backoff` threw.', remedy: 'Correct it.' },
  'callback/rejected': {
    happened: '`hooks.afterResponse` rejected the response.',
    remedy: 'Read the message: it has the reason that your hook gave.',
  },
  'callback/accept_status': {
    happened: '`acceptStatus` threw, or returned a promise.',
    remedy: 'Return true or false at once.',
  },
  'callback/on_chunk': {
    happened: '`onChunk` threw.',
    remedy: 'Correct it. The request is not retried, because pieces were delivered.',
  },
  'callback/on_item': {
    happened: '`onItem` threw.',
    remedy: 'Correct it. The request is not retried, because items were delivered.',
  },
  'callback/save_to': { happened: '`saveTo` threw, or did not return a path.', remedy: 'Return a path.' },
  'callback/cost': {
    happened: '`cost` threw, or returned a promise.',
    remedy: 'Return a number or `{ name: number }` at once.',
  },
  'callback/limit_key': {
    happened: '`limitKey` threw, or did not return a string.',
    remedy: 'Return a string, or undefined for the origin.',
  },
  'callback/lookup': { happened: '`lookup` threw, or did not return an IP address.', remedy: 'Return an IP address.' },
  'callback/cookies': { happened: 'The cookie jar threw.', remedy: 'Check the jar that you passed as `cookies`.' },
  'callback/body': { happened: 'The stream or function that provides the body failed.', remedy: 'Read `error.cause`.' },
  'callback/poll': {
    happened: 'A function of `poll` threw, or returned a promise.',
    remedy: 'Return the value, not a promise.',
  },
  'callback/async': {
    happened: 'A function returned a promise within `parallelRequestsSync`.',
    remedy: 'Use `parallelRequests`, or make the function synchronous.',
  },

  'invalid_request/url': {
    happened: 'The URL is missing, relative without `baseUrl`, or not http: or https:.',
    remedy: 'Correct the URL.',
  },
  'invalid_request/method': {
    happened: 'The method is not a valid token, or cannot be combined with the body or with `paginate`.',
    remedy: 'Correct `method`.',
  },
  'invalid_request/header': {
    happened: 'The name or value of a header is invalid, or the library must set it itself.',
    remedy: 'Correct the header; for `host` see `allowHostHeader`.',
  },
  'invalid_request/params': {
    happened: '`params` is invalid.',
    remedy: 'Give strings, numbers, booleans or arrays of them.',
  },
  'invalid_request/body': {
    happened: 'There are two bodies, or the body is invalid.',
    remedy: 'Give one of `json`, `form`, `multipart`, `body`.',
  },
  'invalid_request/auth': {
    happened: '`auth` is invalid.',
    remedy: 'Give `{ username, password }`, `{ bearer }` or a function.',
  },
  'invalid_request/key': {
    happened: '`key` is not a string, or conflicts with the options.',
    remedy: 'Give each request its own string.',
  },
  'invalid_request/field': {
    happened: 'The request has an unknown field.',
    remedy: 'The message names the field that was probably meant.',
  },
  'invalid_request/input': {
    happened: 'The item of the input is neither a URL nor a request.',
    remedy: 'Give a URL, a request or a `Request`.',
  },
  'invalid_request/options': {
    happened: 'A request overrides an option with an invalid value, or with one that the run file does not support.',
    remedy: 'The message names the option.',
  },
  'invalid_request/template': {
    happened: 'A column of the template is missing or empty in this row.',
    remedy: 'Fill in the cell, or pass `--allow-empty`.',
  },
  'invalid_request/cost': {
    happened: '`cost` is invalid, or more than the burst of its limit.',
    remedy: 'Lower the cost, or raise the burst.',
  },
  'invalid_request/poll': { happened: 'A path in `poll` is invalid.', remedy: 'Correct the JMESPath expression.' },
  'invalid_request/file': { happened: 'A file to be sent cannot be read.', remedy: 'Check the path.' },
  'invalid_request/file_changed': { happened: 'A file changed while it was being sent.', remedy: 'Send a copy of it.' },
  'invalid_request/rejected': { happened: 'The transport cannot send the request.', remedy: 'Read the message.' },
  'invalid_request/unreadable': {
    happened: 'Reading the request itself threw, for example in a getter.',
    remedy: 'Give plain objects.',
  },

  'circuit/open': {
    happened: 'The host kept failing, so its `breaker` is open.',
    remedy: 'Try again at `error.retryAt`, when the breaker lets a probe through.',
  },
  'paused/retry_after': {
    happened: 'The host asked for a longer pause than `retry.maxRetryAfter`.',
    remedy: 'Run again at `error.retryAt`, when the pause ends, or raise `retry.maxRetryAfter` (`--max-retry-after`).',
  },

  'in_doubt/reset': {
    happened: 'The connection was closed.',
    remedy: 'Check on the server whether it was carried out.',
  },
  'in_doubt/timeout': {
    happened: 'A time limit was exceeded.',
    remedy: 'Check on the server whether it was carried out; raise `timeout`.',
  },
  'in_doubt/aborted': { happened: 'The run was aborted.', remedy: 'Check on the server whether it was carried out.' },
  'in_doubt/crash': {
    happened: 'An earlier run ended while the request was in flight.',
    remedy: "Check on the server whether it was carried out; `unknownWrites: 'resend'` sends it again.",
  },
  'in_doubt/worker': {
    happened: 'The worker thread that sent the request ended.',
    remedy: 'Check on the server whether it was carried out.',
  },

  'aborted/in_flight': {
    happened: 'The request was in flight.',
    remedy: 'Run again; with `resume`, finished requests are not sent again.',
  },
  'aborted/not_started': {
    happened: 'The request was not sent.',
    remedy: 'Run again; with `resume`, finished requests are not sent again.',
  },

  'resource/fd': {
    happened: 'The process has no free file descriptor, and none became free within two minutes.',
    remedy: 'Raise `ulimit -n`, or lower `concurrency`.',
  },
  'resource/port': {
    happened: 'No local port is free for connections to this host, and none became free within two minutes.',
    remedy: 'Lower `concurrency`; see [connections](../connections.md).',
  },
  'resource/memory': { happened: 'The operating system has no buffer space left.', remedy: 'Lower `concurrency`.' },
  'resource/disk': {
    happened: 'The disk is full, or a quota is exceeded.',
    remedy: 'Free some disk space, and run again.',
  },
  'resource/file': {
    happened: 'A file cannot be written, or exists already.',
    remedy: 'Check the path; `overwrite: true` replaces a file.',
  },
  'resource/run_file': {
    happened: 'The run file cannot be read or written.',
    remedy: 'Read the message, fix the disk or its permissions, and run again.',
  },
  'resource/package': {
    happened: 'A package that the option needs cannot be loaded.',
    remedy: 'Reinstall the package.',
  },
  'resource/poison': {
    happened:
      'On [many machines](../many-machines.md#requests-that-crash-their-process), the process that sent it crashed each time.',
    remedy: 'Give workers more memory, or set `maxResponseBytes`.',
  },

  'internal/unknown': { happened: 'An error that the library does not recognise.', remedy: REPORT },
  'internal/worker': {
    happened: 'A worker thread of the library ended.',
    remedy: `It may be out of memory. Otherwise: ${REPORT[0]?.toLowerCase()}${REPORT.slice(1)}`,
  },
  'internal/transport': {
    happened: 'A `transport` of yours threw.',
    remedy: 'A transport must return a fault instead.',
  },
  'internal/mock': {
    happened: 'The handler of `mockTransport` threw, or returned an invalid response.',
    remedy: 'Correct the test.',
  },
}
