/**
 * An Express app guarded by the Node SDK that is installed in `sdkFolder`. Runs on the Node that
 * this SDK supports, so it is plain JavaScript. What it answers: ../app-routes.md.
 */
import { createRequire } from 'node:module'
import path from 'node:path'

const settings = JSON.parse(process.env.COMPAT_APP)
const { major } = settings
const load = createRequire(path.join(settings.sdkFolder, 'app.js'))
const express = load('express')
const supertokens = load('supertokens-node')
const Session = load('supertokens-node/recipe/session')
const { middleware, errorHandler } = load('supertokens-node/framework/express')
const { verifySession } = load('supertokens-node/recipe/session/framework/express')

/** What differs between the majors: tenants came with 15, users that are linked with 16. */
const sdk = {
  create(req, res, { userId, tenantId, payload, data }) {
    if (major < 15) return Session.createNewSession(req, res, userId, payload, data)
    const id = major < 16 ? userId : supertokens.convertToRecipeUserId(userId)
    return Session.createNewSession(req, res, tenantId, id, payload, data)
  },
  listOf(userId, tenantId) {
    if (major < 16) return Session.getAllSessionHandlesForUser(userId, tenantId)
    return Session.getAllSessionHandlesForUser(userId, true, tenantId)
  },
  revokeAllOf(userId, tenantId) {
    if (major < 16) return Session.revokeAllSessionsForUser(userId, tenantId)
    return Session.revokeAllSessionsForUser(userId, true, tenantId)
  },
  tenantOf: (session) => (major < 15 ? 'public' : session.getTenantId()),
}

supertokens.init({
  framework: 'express',
  supertokens: { connectionURI: settings.coreUrl, apiKey: settings.apiKey },
  appInfo: {
    appName: 'compat',
    apiDomain: 'http://localhost:3001',
    websiteDomain: 'http://localhost:3000',
  },
  recipeList: [
    Session.init({
      antiCsrf: settings.antiCsrf,
      useDynamicAccessTokenSigningKey: settings.dynamicKeys,
    }),
  ],
})

/** Done with the functions of the SDK that take a handle or a user, outside any request. */
const backend = {
  find: async ({ handle }) => {
    const found = await Session.getSessionInformation(handle)
    if (found === undefined) return null
    return {
      userId: found.userId,
      tenantId: found.tenantId ?? 'public',
      payload: found.customClaimsInAccessTokenPayload,
      data: found.sessionDataInDatabase,
    }
  },
  mergeClaims: ({ handle, claims }) => Session.mergeIntoAccessTokenPayload(handle, claims),
  setData: ({ handle, data }) => Session.updateSessionDataInDatabase(handle, data),
  list: ({ userId, tenantId }) => sdk.listOf(userId, tenantId),
  revoke: ({ handle }) => Session.revokeSession(handle),
  revokeMany: ({ handles }) => Session.revokeMultipleSessions(handles),
  revokeAll: ({ userId, tenantId }) => sdk.revokeAllOf(userId, tenantId),
  createJwt: async ({ claims, isStatic }) => (await Session.createJWT(claims, 60, isStatic)).jwt,
}

/** Answers with what the promise brings; what it throws goes to the SDK's error handler. */
function answer(work) {
  return (req, res, next) => {
    work(req, res).then((value) => res.json(value), next)
  }
}

function describe(session) {
  return {
    userId: session.getUserId(),
    handle: session.getHandle(),
    tenantId: sdk.tenantOf(session),
    payload: session.getAccessTokenPayload(),
  }
}

const app = express()
app.use(middleware())
app.use(express.json())
const me = answer(async (req) => describe(req.session))
app.post(
  '/login',
  answer(async (req, res) => describe(await sdk.create(req, res, req.body))),
)
app.get('/me', verifySession(), me)
app.post('/me', verifySession(), me)
app.get('/me/checked', verifySession({ checkDatabase: true }), me)
app.post('/me/checked', verifySession({ checkDatabase: true }), me)
app.post(
  '/me/claims',
  verifySession(),
  answer(async (req) => {
    await req.session.mergeIntoAccessTokenPayload(req.body.claims)
    return describe(req.session)
  }),
)
app.get(
  '/me/data',
  verifySession(),
  answer((req) => req.session.getSessionDataFromDatabase()),
)
app.put(
  '/me/data',
  verifySession(),
  answer(async (req) => {
    await req.session.updateSessionDataInDatabase(req.body.data)
    return {}
  }),
)
app.post(
  '/me/sign-out',
  verifySession(),
  answer(async (req) => {
    await req.session.revokeSession()
    return {}
  }),
)
app.post(
  '/backend',
  answer(async (req) => ({ result: await backend[req.body.call](req.body) })),
)
app.use(errorHandler())
app.use((error, _req, res, _next) => {
  res.status(500).json({ message: String(error?.stack ?? error) })
})

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`)
})
// The tests hold the other end: whatever becomes of them, the app ends with them.
process.stdin.on('end', () => process.exit(0)).resume()
