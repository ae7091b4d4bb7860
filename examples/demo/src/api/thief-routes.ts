import { randomBytes } from 'node:crypto'
import { requireSession } from '@pawl/node/express'
import { COOKIES } from '@pawl/protocol'
import { type RequestHandler, type Response, Router } from 'express'
import type { ThiefAnswer } from '../demo-event.ts'
import { cookieOf } from './mischief.ts'
import type { SessionLog } from './session-log.ts'
import { REFRESH_PATH } from './tell-requests.ts'
import { makeThiefClient, type ThiefClient } from './thief-client.ts'
import { tokenName } from './token-name.ts'

interface ThiefOptions {
  readonly log: SessionLog
  readonly apiOrigin: string
  readonly pageOrigin: string
}

const THIEVES_MAX = 100
const ID_BYTES = 16

/**
 * The thief's console: copies the cookies of whoever asks into a second client, and moves that
 * client. Its moves need no session, only its name, for a thief goes on after the end.
 */
export function thiefRoutes({ log, apiOrigin, pageOrigin }: ThiefOptions): Router {
  const thieves = new Map<string, ThiefClient>()
  const router = Router()

  router.use(fromThePage(pageOrigin))
  router.post('/', requireSession(), (request, response) => {
    const { handle } = request.pawl.session
    const token = cookieOf(request, COOKIES.refresh)
    if (token === undefined) {
      response.status(409).send('There is no refresh token in this request.')
      return
    }
    const id = randomBytes(ID_BYTES).toString('base64url')
    const cookies = request.headers.cookie ?? ''
    const place = { apiOrigin, pageOrigin, refreshPath: REFRESH_PATH }
    thieves.set(id, makeThiefClient({ handle, cookies, ...place }))
    for (const oldest of thieves.keys()) {
      if (thieves.size <= THIEVES_MAX) break
      thieves.delete(oldest)
    }
    log.add(handle, { kind: 'stolen', id: tokenName(token) })
    response.json({ id })
  })
  router.post('/:id/refresh', async (request, response) => {
    const thief = thieves.get(request.params.id)
    await tell(response, thief, thief?.refresh)
  })
  router.post('/:id/call', async (request, response) => {
    const thief = thieves.get(request.params.id)
    await tell(response, thief, thief?.call)
  })
  return router

  async function tell(
    response: Response,
    thief: ThiefClient | undefined,
    move: (() => Promise<ThiefAnswer>) | undefined,
  ): Promise<void> {
    if (thief === undefined || move === undefined) {
      response.status(404).send('There is no such thief.')
      return
    }
    const answer = await move()
    if (answer.code !== null && answer.code !== 'token_theft') {
      log.add(thief.handle, { kind: 'refused', by: 'thief', code: answer.code })
    }
    response.json(answer)
  }
}

/** The thief's name in the path is a secret, but other sites shall not even try. */
function fromThePage(pageOrigin: string): RequestHandler {
  return (request, response, next) => {
    if (request.headers.origin === pageOrigin) next()
    else response.status(403).send('This is for the page of the demo.')
  }
}
