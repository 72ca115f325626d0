// Asks a token server for a token, by a password or a refresh token. Authority: docs.docker.com/registry/spec/auth
// (token, oauth: Bearer tokens, scopes); RFC 7617 (Basic).
import type { Credentials } from './credentials.ts'

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface TokenRequest {
  readonly url: URL
  readonly ask: Request
  readonly authorization: string | undefined
}

export function tokenRequest(
  realm: URL,
  who: Exclude<Credentials, { readonly kind: 'bearer-token' }> | undefined,
  scope: string,
  service: string | undefined,
): TokenRequest {
  if (who?.kind === 'refresh-token')
    return { url: realm, ask: byRefresh(who.token, scope, service), authorization: undefined }
  const url = new URL(realm)
  if (service) url.searchParams.set('service', service)
  url.searchParams.set('scope', scope)
  return { url, ask: { method: 'GET' }, authorization: who && basicOf(who) }
}

function byRefresh(token: string, scope: string, service: string | undefined): Request {
  const form = { grant_type: 'refresh_token', client_id: 'seccomp-gen', refresh_token: token, scope }
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ ...form, ...(service && { service }) })),
  }
}

export function basicOf({ user, secret }: Extract<Credentials, { readonly kind: 'password' }>): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
}

/** The token in a token server's answer; undefined if there is none. */
export function tokenIn(answer: object | undefined): string | undefined {
  const { token, access_token: accessToken } = (answer ?? {}) as {
    readonly token?: unknown
    readonly access_token?: unknown
  }
  const found = [token, accessToken].find((each) => typeof each === 'string' && each !== '')
  return found as string | undefined
}

/** URL.parse() is not in Node 20. */
export function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
