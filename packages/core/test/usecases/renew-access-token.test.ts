import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { foreseeRefresh, renewAccessToken } from '../../src/index.ts'
import { granted, refreshWith, testCore } from './test-core.ts'

const STRICT = { rotation: { raceWindowMs: 0, settlingMs: 0 }, confirm: 'on-use' } as const

describe('an access token that is issued anew', () => {
  it('confirms its grant by this use, and then names no parent', async () => {
    const { core, context, events } = testCore({ settings: STRICT })
    const first = granted(await core.createSession({ userId: 'ada' }))
    const second = granted(await refreshWith(core, first))
    const { token: accessToken } = second.accessToken
    const renewed = granted(await renewAccessToken(context, { accessToken, settle: true }))
    assert.equal(renewed.isConfirmed, true)
    const opened = await context.accessTokens.open(context.app, renewed.accessToken.token)
    assert.equal(opened?.lineage.parent, null)
    assert.equal(events.at(-1)?.kind, 'confirmed')
    const stolen = await refreshWith(core, first)
    assert.equal(stolen.kind === 'refused' && stolen.code, 'token_theft')
    const gone = await renewAccessToken(context, { accessToken, settle: true })
    assert.equal(gone.kind === 'refused' && gone.code, 'session_ended')
  })

  it('keeps expiry and lineage, and has the claims of the row, where nothing is to be settled', async () => {
    const { core, context, advance } = testCore()
    const first = granted(await core.createSession({ userId: 'ada', claims: { role: 'reader' } }))
    const { handle } = first.session
    granted(await core.replaceClaims({ handle, claims: { role: 'admin' } }))
    advance(1_000)
    const { token: accessToken, expiresAtMs } = first.accessToken
    const renewed = granted(await renewAccessToken(context, { accessToken, settle: false }))
    assert.equal(renewed.accessToken.expiresAtMs, expiresAtMs)
    const opened = await context.accessTokens.open(context.app, renewed.accessToken.token)
    assert.deepEqual(opened?.claims, { role: 'admin' })
    advance(3_600_000)
    const late = await renewAccessToken(context, { accessToken, settle: false })
    assert.equal(late.kind === 'refused' && late.code, 'access_token_expired')
  })

  it('is refused to a displaced grant', async () => {
    const { core, context } = testCore({ settings: STRICT })
    const first = granted(await core.createSession({ userId: 'ada' }))
    const lost = granted(await refreshWith(core, first))
    granted(await refreshWith(core, granted(await refreshWith(core, first))))
    const { token: accessToken } = lost.accessToken
    const refused = await renewAccessToken(context, { accessToken, settle: true })
    assert.equal(refused.kind === 'refused' && refused.code, 'refresh_first')
  })
})

describe('a refresh that is foreseen', () => {
  it('is what the rule would say, and changes nothing', async () => {
    const { core, context } = testCore({ settings: STRICT })
    const first = granted(await core.createSession({ userId: 'ada' }))
    const foresee = (token: string) => foreseeRefresh(context, token)
    assert.equal(await foresee(first.refreshToken.token), 'grant')
    const second = granted(await refreshWith(core, first))
    granted(await refreshWith(core, second))
    assert.equal(await foresee(first.refreshToken.token), 'theft')
    assert.equal(await foresee(second.refreshToken.token), 'grant')
    assert.equal(await foresee('garbage'), 'invalid')
    granted(await refreshWith(core, second))
  })
})
