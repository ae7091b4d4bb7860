import { defineRoute } from '../wire-call.ts'
import { json, text } from '../wire-reply.ts'
import { OFFERED_VERSIONS } from '../wire-versions.ts'

/** `GET /apiversion`: the versions that drivers may choose from. */
export const apiVersion = defineRoute({
  scope: 'tenant',
  fields: {},
  run: async () => json({ versions: OFFERED_VERSIONS }),
})

/** `/hello`: the service answers, and so does its store. */
export const hello = defineRoute({
  scope: 'tenant',
  isOpen: true,
  isOld: true,
  fields: {},
  async run({ context }) {
    const isWell = await context.core.ping().then(
      () => true,
      () => false,
    )
    return isWell ? text(200, 'Hello') : text(503, 'The store does not answer', 'unavailable')
  },
})

/** `GET /user/id`: no user is known here, so drivers take the id that they were given. */
export const findUser = defineRoute({
  scope: 'app',
  fields: {},
  run: async () => json({ status: 'UNKNOWN_USER_ID_ERROR' }),
})

/** `GET /users`: there are none. */
export const listUsers = defineRoute({
  scope: 'tenant',
  fields: {},
  run: async () => json({ status: 'OK', users: [] }),
})

/** `GET /users/count`: there are none. */
export const countUsers = defineRoute({
  scope: 'tenant',
  fields: {},
  run: async () => json({ status: 'OK', count: 0 }),
})

/** `PUT /ee/license`: nothing here needs one. */
export const putLicense = defineRoute({
  scope: 'app',
  fields: {},
  run: async () => json({ status: 'OK' }),
})

/** `GET /telemetry`: nothing is sent anywhere. */
export const telemetry = defineRoute({
  scope: 'app',
  fields: {},
  run: async () => json({ exists: false }),
})
