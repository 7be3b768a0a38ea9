/**
 * A token from a token endpoint (RFC 6749): client credentials or a refresh token, through oauth4webapi. What the server
 * said is told in the error, without any secret that was sent or received.
 */
import type { Client, ClientAuth as Authenticate, AuthorizationServer, TokenEndpointResponse } from 'oauth4webapi'
import { binaryOf } from '../core/binary.ts'
import { isRecord } from '../config/kinds.ts'
import type { Granted, OAuthPlan } from '../core/tokens.ts'
import { printableUrl } from '../core/url.ts'

/** A request to the endpoint. */
export interface TokenRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

export interface TokenReply {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

/** Rejects if there is no answer. */
export type AskEndpoint = (request: TokenRequest) => Promise<TokenReply>

type Library = typeof import('oauth4webapi')

/** Nothing of it is loaded before the first token is needed. */
const load = (): Promise<Library> => import('oauth4webapi')

export async function grantToken(
  plan: OAuthPlan,
  refreshToken: string | undefined,
  signal: AbortSignal,
  ask: AskEndpoint,
): Promise<Granted> {
  const library = await load()
  let reply: TokenReply | undefined
  const options = {
    signal,
    // Whether http: is allowed was decided when the options were read.
    [library.allowInsecureRequests]: true,
    [library.customFetch]: async (
      url: string,
      { headers, body }: { headers: Record<string, string>; body: unknown },
    ) => {
      reply = await ask({ url, headers, body: String(body), signal })
      const hasBody = reply.status !== 204 && reply.status !== 205 && reply.status !== 304
      return new Response(hasBody ? reply.body : null, { status: reply.status, headers: reply.headers })
    },
  }
  try {
    return granted(await answerOf(library, plan, refreshToken, options))
  } catch (error) {
    if (reply === undefined) throw error
    throw refusal(plan, reply, error)
  }
}

type Options = Parameters<Library['refreshTokenGrantRequest']>[4]

async function answerOf(
  library: Library,
  plan: OAuthPlan,
  refreshToken: string | undefined,
  options: Options,
): Promise<TokenEndpointResponse> {
  const server: AuthorizationServer = { issuer: new URL(plan.tokenUrl).origin, token_endpoint: plan.tokenUrl }
  const client: Client = { client_id: plan.clientId }
  const fields = { ...plan.params, ...(plan.scope !== undefined && { scope: plan.scope }) }
  const authenticate = authenticationOf(library, plan)
  if (refreshToken === undefined) {
    const response = await library.clientCredentialsGrantRequest(server, client, authenticate, fields, options)
    return library.processClientCredentialsResponse(server, client, response)
  }
  const more = { ...options, additionalParameters: fields }
  const response = await library.refreshTokenGrantRequest(server, client, authenticate, refreshToken, more)
  return library.processRefreshTokenResponse(server, client, response)
}

function authenticationOf(library: Library, { clientSecret, clientAuth }: OAuthPlan): Authenticate {
  if (clientSecret === undefined) return library.None()
  if (clientAuth === 'body') return library.ClientSecretPost(clientSecret)
  if (clientAuth === 'basic') return library.ClientSecretBasic(clientSecret)
  return (_server, client, _body, headers) => {
    headers.set('authorization', `Basic ${btoa(binaryOf(`${client.client_id}:${clientSecret}`))}`)
  }
}

function granted({
  access_token: token,
  token_type: type,
  expires_in: seconds,
  refresh_token,
}: TokenEndpointResponse): Granted {
  if (type !== 'bearer') throw new Error(`expected a bearer token, got one of the type ${type}`)
  // 0 means that the token has expired already; it is used for the request that waits for it.
  const expiresIn = seconds === undefined ? undefined : Math.max(1, seconds * 1_000)
  return { token, expiresIn, refreshToken: refresh_token }
}

/** What the library found wrong, and what the server said. Its own error holds the answer, tokens included. */
function refusal({ tokenUrl }: OAuthPlan, { status, headers, body }: TokenReply, error: unknown): Error {
  const text = new TextDecoder().decode(body)
  const said = saidIn(text)
  const type = headers.get('content-type') ?? 'no content type'
  const words =
    said === undefined
      ? `${type}: ${text.replaceAll(/\s+/g, ' ').trim() || 'an empty body'}`
      : [said.error, said.description].filter(part => part !== undefined).join(': ')
  const wrong = said === undefined && status === 200 && error instanceof Error ? ` (${error.message})` : ''
  const message = `${printableUrl(tokenUrl)} answered ${status}, ${words}${wrong}`
  return Object.assign(new Error(message), { status, ...(said !== undefined && { error: said.error }) })
}

/** The error of RFC 6749 §5.2. */
function saidIn(text: string): { readonly error: string; readonly description: string | undefined } | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    if (!isRecord(answer) || typeof answer['error'] !== 'string') return undefined
    const description = answer['error_description']
    return { error: answer['error'], description: typeof description === 'string' ? description : undefined }
  } catch {
    return undefined
  }
}
