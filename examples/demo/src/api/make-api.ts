import { createPawl, type PawlEvent } from '@pawl/node'
import { pawlErrors, pawlExpress, requireSession } from '@pawl/node/express'
import express, { type Express, type Request } from 'express'
import type { Row } from '../demo-event.ts'
import { fetchSettings } from './fetch-settings.ts'
import { makeMischief } from './mischief.ts'
import { requestStory } from './request-story.ts'
import { makeSessionLog, type SessionLog } from './session-log.ts'
import { streamEvents } from './stream-events.ts'
import { tellRequests } from './tell-requests.ts'
import { thiefRoutes } from './thief-routes.ts'

interface ApiOptions {
  readonly core: string
  readonly apiKey: string | undefined
  readonly pageOrigin: string
  readonly apiOrigin: string
}

/** The demo's API: an ordinary Express app behind the driver, and a stage for accidents. */
export interface DemoApiServer {
  readonly app: Express
  readonly close: () => Promise<void>
}

const NAME_CHARACTERS_MAX = 40

/** Makes the API. Everything about sessions is the driver's doing; the rest only looks on. */
export function makeApi(options: ApiOptions): DemoApiServer {
  const { core, apiKey, pageOrigin, apiOrigin } = options
  const log = makeSessionLog()
  const mischief = makeMischief()
  const pawl = createPawl({
    core,
    apiKey,
    origins: [pageOrigin],
    onEvent: (event) => noteEvent(log, event),
  })
  const app = express()
  app.disable('x-powered-by')
  app.use(tellRequests(log, mischief))
  app.use(pawlExpress(pawl))
  app.use(express.json({ limit: '1kb' }))

  app.get('/demo/settings', async (_request, response) => {
    response.json(await fetchSettings(core, apiKey))
  })
  app.post('/log-in', async (request, response) => {
    const userId = nameIn(request)
    if (userId === undefined) response.status(400).send('Please give a name.')
    else response.send((await request.pawl.createSession({ userId })).userId)
  })
  app.get('/me', requireSession(), (request, response) => {
    const { handle, userId } = request.pawl.session
    log.add(handle, { kind: 'called', by: requestStory.getStore()?.by ?? 'you' })
    response.send(`Hello ${userId}. Your locker code is ${lockerCode(handle)}.`)
  })
  app.get('/demo/events', requireSession(), (request, response) => {
    const { handle } = request.pawl.session
    streamEvents(log, response, { handle, after: Number(request.query.after) || 0 })
  })
  app.post('/demo/expire', requireSession(), (request, response) => {
    mischief.expireAccess(request)
    log.add(request.pawl.session.handle, { kind: 'expired' })
    response.send('expired')
  })
  app.post('/demo/drop', requireSession(), (request, response) => {
    const { handle } = request.pawl.session
    mischief.armDrop(handle)
    log.add(handle, { kind: 'armed' })
    response.send('armed')
  })
  app.use('/demo/thief', thiefRoutes({ log, apiOrigin, pageOrigin }))
  app.use(pawlErrors())
  return { app, close: () => pawl.close() }
}

function nameIn(request: Request): string | undefined {
  const { name } = (request.body ?? {}) as { readonly name?: unknown }
  return typeof name === 'string' && /^[^\p{Cc}]+$/u.test(name)
    ? name.slice(0, NAME_CHARACTERS_MAX)
    : undefined
}

/** Something worth stealing. */
function lockerCode(handle: string): string {
  return [...handle.slice(0, 3)].map((letter) => String(letter.charCodeAt(0) % 100)).join('·')
}

/** Hands what the driver tells to those who watch, with whose request it was. */
function noteEvent(log: SessionLog, event: PawlEvent): void {
  const story = requestStory.getStore()
  const by = story?.by ?? 'you'
  switch (event.kind) {
    case 'created':
      log.add(event.handle, { kind: 'created', userId: event.userId, place: event.lineage })
      return
    case 'refreshed':
      if (story !== undefined) story.granted = event.lineage.id
      log.add(event.handle, {
        kind: 'granted',
        to: by,
        row: event.rule as Row,
        place: event.lineage,
      })
      return
    case 'theft':
      log.add(event.handle, { kind: 'theft', by, presented: story?.presented ?? null })
      return
    case 'ended':
      log.add(event.handle, { kind: 'ended', reason: event.reason })
      return
    default:
      event satisfies never
  }
}
