import { COOKIES, DEFAULT_BASE_PATH, FRONTEND_PATHS } from '@pawl/protocol'
import type { RequestHandler } from 'express'
import { cookieOf, type Mischief } from './mischief.ts'
import { type RequestStory, requestStory } from './request-story.ts'
import type { SessionLog } from './session-log.ts'
import { THIEF_AGENT } from './thief-client.ts'
import { tokenName } from './token-name.ts'

/** Path of the driver's refresh route. */
export const REFRESH_PATH = `${DEFAULT_BASE_PATH}${FRONTEND_PATHS.refresh}`

/**
 * Stands before the driver: notes whose request this is and which refresh token it shows, and plays
 * the accidents that were ordered. The driver and the core know nothing of it.
 */
export function tellRequests(log: SessionLog, mischief: Mischief): RequestHandler {
  return (request, response, next) => {
    const token = cookieOf(request, COOKIES.refresh)
    const story: RequestStory = {
      by: request.headers['user-agent'] === THIEF_AGENT ? 'thief' : 'you',
      presented: token === undefined ? null : tokenName(token),
      granted: null,
    }
    mischief.hideExpired(request)
    if (request.method === 'POST' && request.path === REFRESH_PATH && story.by === 'you') {
      const handle = log.handleOf(story.presented)
      const onDrop = () => {
        if (story.granted !== null) log.add(handle ?? '', { kind: 'lost', id: story.granted })
      }
      if (handle !== undefined) mischief.dropAnswer({ handle, response, onDrop })
    }
    requestStory.run(story, next)
  }
}
