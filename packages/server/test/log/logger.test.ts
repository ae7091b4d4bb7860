import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SessionEvent } from '@pawl/core'
import { pino } from 'pino'
import { openLog } from '../../src/log/logger.ts'

const refreshToken = `pawl_rt1.AAAAAAAA.${'x'.repeat(200)}.123456`
const accessToken = `eyJ${'h'.repeat(60)}.${'p'.repeat(100)}.${'s'.repeat(86)}`
const apiKey = `pawl_key1.AAAAAAAA.${'k'.repeat(43)}.abcdef`

describe('the log', () => {
  it('lets nothing through that looks like a token or a key, wherever it stands', () => {
    const lines: string[] = []
    const log = openLog('debug', (line) => lines.push(line))
    log.info(`said ${refreshToken} and ${accessToken}`, { note: `key=${apiKey}` })
    log.warn('nested', { request: { authorization: apiKey, deep: { url: accessToken } } })
    log.trouble('thrown', new Error(`bad ${accessToken}`, { cause: new Error(refreshToken) }))
    log.info('by name', { secret: 'canary', request: { cookie: 'canary' } })
    const text = lines.join('')
    assert.equal(lines.length, 4)
    assert.doesNotMatch(text, /x{20}|p{20}|s{20}|k{20}|canary/)
    assert.match(text, /\[redacted\]/i)
  })

  it('is one JSON line an entry, in UTC, whatever a name holds', () => {
    const lines: string[] = []
    const log = openLog('info', (line) => lines.push(line))
    log.info('user', { userId: 'a\r\n{"level":"info"}\u001b[31m\u2028' })
    assert.equal(lines.length, 1)
    assert.equal(lines[0]?.trimEnd().includes('\n'), false)
    assert.equal(lines[0]?.includes('\u001b'), false)
    const { time, level } = JSON.parse(lines[0] ?? '')
    assert.equal(level, 'info')
    assert.equal(new Date(time).toISOString(), time)
  })

  it('writes requests and events as the library would, and keeps tokens out of them too', () => {
    const [own, library]: string[][] = [[], []]
    const log = openLog('info', (line) => own?.push(line))
    const base = {
      base: null,
      timestamp: false,
      formatters: { level: (level: string) => ({ level }) },
    }
    const logger = pino(base, { write: (line: string) => library?.push(line) })
    const userId = 'a"\\\r\n\u001b[31m\u2028\ud800é💡'
    const subject = { app: 'a', tenant: 't', handle: 'h', userId, atMs: 1 }
    const lineage = { id: 'i', parent: null, generation: 2 }
    const event = {
      ...subject,
      kind: 'refreshed',
      rule: 'heal',
      lineage,
    } as unknown as SessionEvent
    const request = { requestId: 'x', method: undefined, status: 200, ms: 1.5, route: 'live' }
    log.request(request)
    logger.info(request, 'request')
    log.event(event, 'x')
    logger.info({ requestId: 'x', ...event }, 'session')
    log.event(event)
    logger.info(event, 'session')
    assert.deepEqual(
      own?.map((line) => line.replace(/"time":"[^"]+",/, '')),
      library,
    )
    log.event({ ...event, userId: `${refreshToken} ${accessToken}` } as unknown as SessionEvent)
    assert.doesNotMatch(own?.join('') ?? '', /x{20}|p{20}/)
  })

  it('tells of thefts and failures even when it is quiet', () => {
    const lines: string[] = []
    const log = openLog('warn', (line) => lines.push(line))
    const request = { requestId: 'x', method: 'GET', ms: 1, route: 'live' }
    const event = { app: 'a', tenant: 't', handle: 'h', userId: 'u', atMs: 0 }
    log.request({ ...request, status: 200 })
    log.request({ ...request, status: 503 })
    log.event({ ...event, kind: 'ended', reason: 'sign-out' } as unknown as SessionEvent)
    log.event({ ...event, kind: 'theft', presented: {} } as unknown as SessionEvent)
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)).map(({ status, kind }) => status ?? kind),
      [503, 'theft'],
    )
  })
})
