import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesOf, phases } from '../../tests/phases.ts'

const everyDay = phases.filter(({ isOnDemand }) => isOnDemand !== true)

test('every test file belongs to one part, and only fault tests wait to be asked for', () => {
  const files = everyDay.flatMap(filesOf)
  assert.equal(new Set(files).size, files.length)
  const onDemand = phases.filter(({ isOnDemand }) => isOnDemand === true).flatMap(filesOf)
  const left = onDemand.filter((file) => !files.includes(file))
  assert.ok(left.length > 0)
  for (const file of left) assert.match(file, /^test\/faults\//)
})

test('every engine has its contract in the long run of stores', () => {
  const stores = phases.find(({ name }) => name === 'stores')
  assert.ok(stores)
  const contracts = filesOf(stores).filter((file) => file.endsWith('/contract.test.ts'))
  for (const engine of ['sqlite', 'postgres', 'redis', 'mysql', 'mongodb']) {
    assert.ok(contracts.some((file) => file.startsWith(`packages/store-${engine}/`), engine))
  }
})
