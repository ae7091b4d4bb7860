import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommandLine } from '../../src/commands/command-line.ts'
import { faultOfSessionsLine, timeOf } from '../../src/commands/sessions-line.ts'

const own = { user: 'text', tenant: 'text', before: 'text', yes: 'flag' } as const
const T = '2026-01-31T18:00:00Z'

const faultOf = (...typed: readonly string[]) => faultOfSessionsLine(parseCommandLine(typed, own))

test('one session, those of a user, and those of a tenant that was said twice may end', () => {
  for (const typed of [
    'list --user ada --tenant acme',
    'revoke x --tenant acme',
    'revoke --user ada',
    `revoke --user ada --tenant acme --before ${T}`,
    `revoke --tenant acme --before ${T} --yes`,
  ]) {
    assert.equal(faultOf(...typed.split(' ')), null, typed)
  }
})

test('options that contradict each other, or would be passed over, are faults', () => {
  assert.match(faultOf('revoke', 'x', '--user', 'ada') ?? '', /one session: .* without --user/)
  assert.match(faultOf('revoke', 'x', '--before', T) ?? '', /one session: .* without --before/)
  assert.match(faultOf('list', '--user', 'ada', '--before', T) ?? '', /--before is for/)
  assert.match(faultOf('list', '--user', 'ada', '--yes') ?? '', /--yes is for/)
})

test('the end of a whole tenant wants --yes, and says what it would end', () => {
  assert.equal(
    faultOf('revoke', '--tenant', 'acme'),
    'this ends every session of the tenant acme: say it with --yes',
  )
  assert.equal(
    faultOf('revoke', '--tenant', 'acme', '--before', T),
    `this ends every session of the tenant acme created up to ${T}: say it with --yes`,
  )
})

test('a time is one of RFC 3339 that has passed', () => {
  for (const [text, iso] of [
    ['2026-01-31t18:00:00z', '2026-01-31T18:00:00.000Z'],
    ['2026-01-31 18:00:00.25+01:00', '2026-01-31T17:00:00.250Z'],
    ['2024-02-29T23:59:59-00:30', '2024-03-01T00:29:59.000Z'],
  ] as const) {
    assert.equal(faultOf('revoke', '--user', 'ada', '--before', text), null, text)
    assert.equal(new Date(timeOf(text)).toISOString(), iso)
  }
  for (const text of [
    ...['', 'yesterday', '2026-01-31', '2026-01-31T18:00:00', '2026-01-31T18:00Z', '1769880000'],
    ...['2026-02-30T18:00:00Z', '2026-13-01T18:00:00Z', '2026-01-31T25:00:00Z', ` ${T}`],
    ...['2026-00-10T18:00:00Z', '2026-01-00T18:00:00Z', '1900-02-29T18:00:00Z'],
  ]) {
    assert.match(faultOf('revoke', '--user', 'ada', '--before', text) ?? '', /RFC 3339/, text)
  }
  const ahead = faultOf('revoke', '--user', 'ada', '--before', '2999-01-31T18:00:00Z')
  assert.equal(ahead, '--before: that time is still to come')
})
