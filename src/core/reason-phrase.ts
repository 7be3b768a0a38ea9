/** Reason phrases that quote nothing of the request (RFC 9110 §15, RFC 6585, and what proxies use). */
const COMMON: ReadonlySet<string> = new Set(
  [
    'OK|Created|Accepted|No Content|Partial Content|Multiple Choices|Moved Permanently|Found|See Other|Not Modified',
    'Temporary Redirect|Permanent Redirect|Bad Request|Unauthorized|Payment Required|Forbidden|Not Found',
    'Method Not Allowed|Not Acceptable|Proxy Authentication Required|Request Timeout|Conflict|Gone|Length Required',
    'Precondition Failed|Payload Too Large|Content Too Large|URI Too Long|Unsupported Media Type|Range Not Satisfiable',
    "Expectation Failed|I'm a Teapot|I'm a teapot|Misdirected Request|Unprocessable Entity|Unprocessable Content|Locked",
    'Failed Dependency|Too Early|Upgrade Required|Precondition Required|Too Many Requests',
    'Request Header Fields Too Large|Unavailable For Legal Reasons|Internal Server Error|Not Implemented|Bad Gateway',
    'Service Unavailable|Service Temporarily Unavailable|Gateway Timeout|Gateway Time-out|HTTP Version Not Supported',
  ].flatMap(line => line.split('|')),
)

/** HTTP/2 has none. */
export const isCommonPhrase = (phrase: string): boolean => phrase === '' || COMMON.has(phrase)
