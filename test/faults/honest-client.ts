import { askCore, decidedBy, type ReplyBody } from './ask-core.ts'

/**
 * One session in one browser. It keeps its newest token, refreshes one at a time, and presents the
 * same token again when an answer was lost: no more is asked of a client.
 */
export interface HonestClient {
  readonly userId: string
  readonly handle: string
  /** The newest refresh token whose answer arrived. */
  token: string
  generation: number
  /** When its last acknowledged refresh was sent. */
  servedAtMs: number
  /** The first answer that would log a user out, or that no core may ever give. */
  complaint: string | undefined
}

/** Logs a user in; undefined if no answer was had. Throws for an answer that is no log-in. */
export async function logIn(url: string, userId: string): Promise<HonestClient | undefined> {
  const call = { url, method: 'POST', path: '/v1/sessions', body: { userId } } as const
  const answer = decidedBy(await askCore(call))
  if (answer === undefined) return undefined
  const { session, refreshToken } = answer.body
  if (session === undefined || refreshToken === undefined) {
    throw new Error(`the log-in was answered with ${answer.status} ${answer.body.code}`)
  }
  return {
    userId,
    handle: session.handle,
    token: refreshToken.token,
    generation: 0,
    servedAtMs: performance.now(),
    complaint: undefined,
  }
}

/** Presents the client's token once; true if the answer arrived and brought the next one. */
export async function refreshOnce(url: string, client: HonestClient): Promise<boolean> {
  const sentAtMs = performance.now()
  const answer = await present(url, client.token)
  if (answer === undefined) return false
  const { status, body } = answer
  if (body.refreshToken === undefined || body.lineage === undefined) {
    client.complaint ??= `${client.userId} at generation ${client.generation}: ${status} ${body.code}`
    return false
  }
  client.token = body.refreshToken.token
  client.generation = body.lineage.generation
  client.servedAtMs = sentAtMs
  return true
}

/** Presents a refresh token; undefined if nothing was decided. */
export async function present(
  url: string,
  token: string,
): Promise<{ readonly status: number; readonly body: ReplyBody } | undefined> {
  const body = { refreshTokens: [token] }
  return decidedBy(await askCore({ url, method: 'POST', path: '/v1/sessions/refresh', body }))
}
