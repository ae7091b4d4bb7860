import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOfStore } from '../../src/config/open-store.ts'

test('a store that is meant for one of ours is answered with that one', () => {
  const meant = {
    'postgre://localhost/app': 'postgres://…',
    'Postgres://localhost/app': 'postgres://…',
    'psql://localhost/app': 'postgres://…',
    'mongo://localhost/app': 'mongodb://…',
    'sqlit:app.db': 'sqlite:<path>',
    './app.db': 'sqlite:<path>',
    '/var/lib/pawl/app': 'sqlite:<path>',
  }
  for (const [store, one] of Object.entries(meant)) {
    assert.match(faultOfStore(store) ?? '', /^store: must be one of sqlite, sqlite:<path>, /)
    assert.ok(faultOfStore(store)?.endsWith(`: did you mean ${one}?`), store)
  }
})

test('a store that resembles none of ours is answered with all, and never repeated', () => {
  for (const store of ['https://u:hush@x/y', 'oracle://u:hush@x', 'hush']) {
    assert.match(faultOfStore(store) ?? '', /rediss:\/\/…$/)
    assert.doesNotMatch(faultOfStore(store) ?? '', /hush/)
  }
})

test('a file has no host: two slashes would be the root of the disk', () => {
  assert.match(faultOfStore('sqlite://app.db') ?? '', /write sqlite:<path>/)
  for (const store of ['sqlite', 'sqlite:app.db', 'sqlite:/var/app.db', 'sqlite:///var/app.db']) {
    assert.equal(faultOfStore(store), null)
  }
})
