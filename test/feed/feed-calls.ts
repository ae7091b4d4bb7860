/** A token that drivers watch, by number. */
export interface WatchedToken {
  readonly id: number
  readonly token: string
}

/** What a test needs to know of a grant. */
export interface Grant {
  readonly handle: string
  readonly token: string
  readonly refreshToken: string
}

/** A core as an operator calls it. */
export interface CoreCalls {
  readonly url: string
  logIn(userId: string, tenant?: string): Promise<Grant>
  refresh(grant: Grant): Promise<Grant>
  revokeSession(handle: string): Promise<unknown>
  revokeSessions(request: object): Promise<unknown>
}

interface GrantAnswer {
  readonly session: { readonly handle: string }
  readonly accessToken: { readonly token: string }
  readonly refreshToken: { readonly token: string }
}

/** Calls a core over HTTP; throws for any refusal. */
export function coreCalls(url: string): CoreCalls {
  const post = async (route: string, body: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(url + route, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  const grantOf = (answer: unknown): Grant => {
    const { session, accessToken, refreshToken } = answer as GrantAnswer
    return {
      handle: session.handle,
      token: accessToken.token,
      refreshToken: refreshToken.token,
    }
  }
  return {
    url,
    logIn: async (userId, tenant = 'default') =>
      grantOf(await post('/v1/sessions', { userId, tenant })),
    refresh: async ({ refreshToken }) =>
      grantOf(await post('/v1/sessions/refresh', { refreshTokens: [refreshToken] })),
    revokeSession: (handle) => post(`/v1/sessions/${handle}/revoke`, {}),
    revokeSessions: (request) => post('/v1/sessions/revoke', request),
  }
}
