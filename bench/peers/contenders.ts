/**
 * Every contender makes the same requests, 50 at a time, and parses the same JSON. Each is imported only where it runs, so
 * that a process pays for one of them.
 */
import { request as nodeRequest, Agent } from 'node:http'
import { connect } from 'node:net'
import { Agent as SecureAgent, request as nodeSecureRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { CONCURRENCY, POST_BODY } from './shapes.ts'
import type { Shape } from './shapes.ts'

/** Makes all requests, and resolves with the parsed bodies. */
export type Run = (urls: readonly string[]) => Promise<readonly unknown[]>

export interface Contender {
  readonly name: string
  /** Whether it can do this. */
  readonly can: (shape: Shape) => boolean
  readonly prepare: (shape: Shape) => Promise<Run>
}

/** Plain loops of 50 lanes, for contenders that make one request at a time. */
const inLanes =
  (get: (url: string) => Promise<unknown>): Run =>
  async urls => {
    const values: unknown[] = []
    let next = 0
    const lane = async (): Promise<void> => {
      for (let index = next++; index < urls.length; index = next++) values[index] = await get(urls[index] as string)
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, lane))
    return values
  }

const body = JSON.stringify(POST_BODY)
const isPost = ({ method }: Shape): boolean => method === 'POST'
const JSON_TYPE = { 'content-type': 'application/json' }
const isOnlyOurs = ({ extra }: Shape): boolean => extra !== undefined
const general = (shape: Shape): boolean => !isOnlyOurs(shape) && shape.wire !== 'h2'

async function ours(shape: Shape): Promise<Run> {
  const { ParallelRequests } = (await import('../../dist/index.js')) as typeof import('../../src/index.ts')
  const client = new ParallelRequests({
    concurrency: CONCURRENCY,
    maxRetries: 3,
    timeout: '30s',
    perHost: { concurrency: CONCURRENCY },
    rateLimit: { limit: 10_000_000, interval: '1m', burst: 10_000_000 },
    verifySsl: false,
    http2: shape.wire === 'h2',
  })
  const spec = (url: string) => (isPost(shape) ? { url, method: 'POST' as const, json: POST_BODY } : url)
  if (shape.extra === 'stream') {
    return async urls => {
      const values: unknown[] = []
      for await (const { ok, index, value } of client.stream(urls)) if (ok) values[index] = value
      return values
    }
  }
  let runs = 0
  const schema = shape.extra === 'schema' ? await personSchema() : undefined
  return urls =>
    client.request(urls.map(spec), {
      ...(shape.extra === 'run file' && { resume: `run-${runs++}.jsonl` }),
      ...(schema !== undefined && { schema }),
    }) as Promise<unknown[]>
}

async function personSchema() {
  const v = await import('valibot')
  return v.object({
    id: v.number(),
    name: v.string(),
    owner: v.string(),
    stars: v.number(),
    topics: v.array(v.string()),
  })
}

async function bareDispatch(shape: Shape): Promise<Run> {
  const { Agent: Undici } = await import('undici')
  const agent = new Undici({ connections: CONCURRENCY, pipelining: 1, connect: { rejectUnauthorized: false } })
  const options = isPost(shape) ? { method: 'POST' as const, body, headers: JSON_TYPE } : { method: 'GET' as const }
  const reset = shape.wire === 'close' ? { reset: true } : {}
  return inLanes(
    url =>
      new Promise((resolve, reject) => {
        const { origin, pathname: path } = new URL(url)
        const chunks: Buffer[] = []
        agent.dispatch(
          { origin, path, ...options, ...reset },
          {
            onRequestStart() {},
            onResponseStart() {},
            onResponseData: (_controller, chunk) => void chunks.push(chunk),
            onResponseEnd: () => resolve(JSON.parse(joined(chunks).toString())),
            onResponseError: (_controller, error) => reject(error),
          },
        )
      }),
  )
}

const joined = (chunks: readonly Buffer[]): Buffer =>
  chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)

async function undiciRequest(shape: Shape): Promise<Run> {
  const { Agent: Undici, request } = await import('undici')
  const dispatcher = new Undici({ connections: CONCURRENCY, connect: { rejectUnauthorized: false } })
  const options = isPost(shape) ? { method: 'POST' as const, body, headers: JSON_TYPE } : {}
  return inLanes(async url =>
    (await request(url, { dispatcher, reset: shape.wire === 'close', ...options })).body.json(),
  )
}

async function fetchWithLimit(shape: Shape): Promise<Run> {
  const { default: pLimit } = await import('p-limit')
  const limit = pLimit(CONCURRENCY)
  const headers = { ...(isPost(shape) && JSON_TYPE), ...(shape.wire === 'close' && { connection: 'close' }) }
  const init = isPost(shape) ? { method: 'POST', body, headers } : { headers }
  return urls => Promise.all(urls.map(url => limit(async () => (await fetch(url, init)).json() as Promise<unknown>)))
}

async function kyWithQueue(shape: Shape): Promise<Run> {
  const [{ default: ky }, { default: Queue }] = await Promise.all([import('ky'), import('p-queue')])
  const queue = new Queue({ concurrency: CONCURRENCY })
  const headers = shape.wire === 'close' ? { connection: 'close' } : {}
  const get = (url: string): Promise<unknown> =>
    isPost(shape) ? ky.post(url, { json: POST_BODY, headers }).json() : ky.get(url, { headers }).json()
  return urls => Promise.all(urls.map(url => queue.add(() => get(url)))) as Promise<unknown[]>
}

async function gotWithLimit(shape: Shape): Promise<Run> {
  const [{ default: got }, { default: pLimit }] = await Promise.all([import('got'), import('p-limit')])
  const limit = pLimit(CONCURRENCY)
  const agent = { http: new Agent(agentOptions(shape)), https: new SecureAgent(agentOptions(shape)) }
  const client = got.extend({ agent, https: { rejectUnauthorized: false } })
  const get = (url: string): Promise<unknown> =>
    isPost(shape) ? client.post(url, { json: POST_BODY }).json() : client.get(url).json()
  return urls => Promise.all(urls.map(url => limit(() => get(url))))
}

const agentOptions = ({ wire }: Shape) => ({
  keepAlive: wire !== 'close',
  maxSockets: CONCURRENCY,
  rejectUnauthorized: false,
})

async function axiosWithLimit(shape: Shape): Promise<Run> {
  const [{ default: axios }, { default: pLimit }] = await Promise.all([import('axios'), import('p-limit')])
  const limit = pLimit(CONCURRENCY)
  const agents = { httpAgent: new Agent(agentOptions(shape)), httpsAgent: new SecureAgent(agentOptions(shape)) }
  const get = async (url: string): Promise<unknown> =>
    (await (isPost(shape) ? axios.post(url, POST_BODY, agents) : axios.get(url, agents))).data as unknown
  return urls => Promise.all(urls.map(url => limit(() => get(url))))
}

async function nodeHttp(shape: Shape): Promise<Run> {
  const isSecure = shape.wire === 'tls'
  const agent = isSecure ? new SecureAgent(agentOptions(shape)) : new Agent(agentOptions(shape))
  const send = isSecure ? nodeSecureRequest : nodeRequest
  const options = isPost(shape) ? { method: 'POST', headers: { ...JSON_TYPE, 'content-length': body.length } } : {}
  return inLanes(
    url =>
      new Promise((resolve, reject) => {
        const request = send(url, { agent, rejectUnauthorized: false, ...options }, (response: IncomingMessage) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => void chunks.push(chunk))
          response.on('end', () => resolve(JSON.parse(joined(chunks).toString())))
        })
        request.on('error', reject)
        request.end(isPost(shape) ? body : undefined)
      }),
  )
}

/** The floor: writes a request, looks for the empty line, parses the rest. It trusts the server with everything. */
async function rawSockets(): Promise<Run> {
  const buffer = Buffer.allocUnsafeSlow(65_536)
  const open = (url: string): Promise<(path: string) => Promise<unknown>> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url)
      let done: (value: unknown) => void = () => undefined
      const socket = connect({
        host: hostname,
        port: Number(port),
        onread: {
          buffer,
          callback(length) {
            const bodyAt = buffer.latin1Slice(0, length).indexOf('\r\n\r\n') + 4
            done(JSON.parse(buffer.utf8Slice(bodyAt, length)))
            return true
          },
        },
      })
      socket.on('error', reject)
      socket.on('connect', () =>
        resolve(
          path =>
            new Promise(settle => {
              done = settle
              socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`, 'latin1')
            }),
        ),
      )
    })
  let lanes: ((path: string) => Promise<unknown>)[] | undefined
  return async urls => {
    lanes ??= await Promise.all(Array.from({ length: CONCURRENCY }, () => open(urls[0] as string)))
    const values: unknown[] = []
    let next = 0
    await Promise.all(
      lanes.map(async get => {
        for (let index = next++; index < urls.length; index = next++)
          values[index] = await get(new URL(urls[index] as string).pathname)
      }),
    )
    return values
  }
}

/** Node's own HTTP/2, one session. */
async function bareHttp2(): Promise<Run> {
  const { connect: connectHttp2 } = await import('node:http2')
  let session: import('node:http2').ClientHttp2Session | undefined
  return urls => {
    session ??= connectHttp2(new URL(urls[0] as string).origin, { rejectUnauthorized: false })
    const open = session
    return inLanes(
      url =>
        new Promise((resolve, reject) => {
          const stream = open.request({ ':path': new URL(url).pathname })
          const chunks: Buffer[] = []
          stream.on('data', (chunk: Buffer) => void chunks.push(chunk))
          stream.on('end', () => resolve(JSON.parse(joined(chunks).toString())))
          stream.on('error', reject)
        }),
    )(urls)
  }
}

const isPlain = (shape: Shape): boolean =>
  general(shape) && shape.answer === 'small' && shape.wire === undefined && !isPost(shape) && shape.hosts === undefined

/** The first one that can run a shape is what the others are compared with. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: 'undici Agent.dispatch + JSON.parse',
    can: shape => general(shape) && shape.answer !== 'gzip',
    prepare: bareDispatch,
  },
  {
    name: 'node:http2 + JSON.parse',
    can: ({ wire, extra }) => wire === 'h2' && extra === undefined,
    prepare: bareHttp2,
  },
  { name: 'parallel-requests', can: () => true, prepare: ours },
  { name: 'undici.request', can: shape => general(shape) && shape.answer !== 'gzip', prepare: undiciRequest },
  // Node's own fetch cannot be told to accept the certificate of this bench.
  { name: 'fetch + p-limit', can: shape => general(shape) && shape.wire !== 'tls', prepare: fetchWithLimit },
  { name: 'ky + p-queue', can: shape => general(shape) && shape.wire !== 'tls', prepare: kyWithQueue },
  { name: 'got + p-limit', can: general, prepare: gotWithLimit },
  { name: 'axios + p-limit', can: general, prepare: axiosWithLimit },
  { name: 'node:http', can: shape => general(shape) && shape.answer !== 'gzip', prepare: nodeHttp },
  { name: 'raw sockets (the floor)', can: isPlain, prepare: rawSockets },
]
