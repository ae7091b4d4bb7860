import { embedCore, generateSecret } from '@pawl/embedded'
import { memoryStore } from '@pawl/store-testkit'
import type { Figure, Line } from './figure.ts'

/** A user id as an identity provider gives it: a UUID. */
const USER_ID = '9b2f6a1e-7c35-4d8a-b0f4-2e91c6d7a503'

/** A JWT that carries the lineage in full, signed with ES256: the shape of the system we follow. */
const REFERENCE = { what: 'a JWT with its lineage in full, ES256', value: 622 }

/** Sizes of the tokens of a second grant (it has a parent), without claims of the application. */
export const tokenSize: Figure = {
  name: 'token-size',
  title: 'bytes of a token without custom claims, user id of 36 characters',
  async measure() {
    const core = await embedCore({ store: memoryStore(), secret: generateSecret() })
    const jwt = await sizesOf('jwt')
    const opaque = await sizesOf('opaque')
    await core.close()
    return [
      line('access token, JWT (ES256)', jwt.access, [450, 390]),
      line('access token, opaque', opaque.access, [150, 110]),
      { what: 'refresh token', unit: 'bytes', ours: jwt.refresh, reference: null },
    ]

    async function sizesOf(accessKind: 'jwt' | 'opaque') {
      const created = await core.createSession({ userId: USER_ID, accessKind })
      if (created.kind !== 'ok') throw new Error(created.detail)
      const refreshTokens = [created.value.refreshToken.token]
      const refreshed = await core.refreshSession({ refreshTokens })
      if (refreshed.kind !== 'ok') throw new Error(refreshed.detail)
      const { accessToken, refreshToken } = refreshed.value
      return { access: accessToken.token.length, refresh: refreshToken.token.length }
    }
  },
}

function line(what: string, ours: number, [target, moonshot]: readonly [number, number]): Line {
  const goal = { kind: 'atMost', target, moonshot } as const
  return { what, unit: 'bytes', ours, reference: REFERENCE, goal }
}
