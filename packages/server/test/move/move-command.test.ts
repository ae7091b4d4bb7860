import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { embedCore, generateSecret, MOVE_RECORD } from '@pawl/embedded'
import { sqliteStore } from '@pawl/store-sqlite'
import { type Operator, openOperator } from '../programs/open-operator.ts'

const SECRET = generateSecret()
let operator: Operator
let dir: string

before(() => {
  operator = openOperator()
  dir = operator.dir
})
after(() => operator.leave())

const pawl = (...args: readonly string[]) => operator.pawl(...args)

function fileOf(name: string): string {
  return path.join(dir, `${name}.db`)
}

/** A database on which a core has been, with one session. */
async function makeSource(name: string): Promise<string> {
  const core = await embedCore({ store: sqliteStore({ path: fileOf(name) }), secret: SECRET })
  await core.createSession({ userId: 'ada' })
  await core.close()
  return `sqlite:${fileOf(name)}`
}

describe('pawl move', () => {
  it('moves and says so, again and again, until a core starts there', async () => {
    const [from, to] = [await makeSource('from'), `sqlite:${fileOf('to')}`]
    const early = await pawl('move', '--from', from, '--to', to)
    assert.deepEqual([early.code, /with pawl migrate --store/.test(early.errors)], [1, true])
    assert.equal(existsSync(fileOf('to')), false)
    assert.equal((await pawl('migrate', '--store', to)).code, 0)
    for (let time = 0; time < 2; time += 1) {
      const { code, output, errors } = await pawl('move', '--from', from, '--to', to)
      assert.equal(code, 0)
      const audit = errors.split('\n').filter((line) => line.startsWith('{'))
      assert.deepEqual(
        audit.map((line) => JSON.parse(line)).map(({ time, level, msg, ...rest }) => rest),
        [
          { what: 'move-begun', from, to, command: 'move' },
          { what: 'move-finished', from, to, count: 1, command: 'move' },
        ],
      )
      assert.match(output, /^Moved and verified: 1 live sessions in both stores, checksum [0-9a-f]/)
    }
    await (await embedCore({ store: sqliteStore({ path: fileOf('to') }), secret: SECRET })).close()
    const late = await pawl('move', '--from', from, '--to', to)
    assert.deepEqual([late.code, /of its own/.test(late.errors)], [1, true])
    assert.equal(late.errors.includes('audit'), false)
  })

  it('leaves a store on which no core starts until the move is complete', async () => {
    const store = sqliteStore({ path: fileOf('half') })
    await store.migrate()
    await store.insertRecord(MOVE_RECORD, '{"isComplete":false}')
    await store.close()
    for (const command of [['serve'], ['sessions', 'list', '--user', 'ada']]) {
      const { code, errors } = await pawl(...command, '--store', `sqlite:${fileOf('half')}`)
      assert.deepEqual([code, errors.includes('not complete: run pawl move once more')], [1, true])
    }
  })

  it('refuses one store on both sides, by its name and by another name for it', async () => {
    const from = await makeSource('same')
    const other = `sqlite:${dir}/./same.db`
    for (const to of [from, other]) {
      const { code, errors } = await pawl('move', '--from', from, '--to', to)
      assert.deepEqual([code, errors.includes('the same store')], [1, true])
    }
  })

  it('says all that is wrong with what was typed, and makes no file', async () => {
    const bad = await pawl('move', 'now', '--form', 'x', '--to', 'oracle://x')
    assert.equal(bad.code, 2)
    for (const fault of [/did you mean --from/, /--from is missing/, /--to must be one of/]) {
      assert.match(bad.errors, fault)
    }
    const nowhere = await pawl('move', '--from', `sqlite:${fileOf('none')}`, '--to', 'redis://x')
    assert.deepEqual([nowhere.code, existsSync(fileOf('none'))], [1, false])
    assert.match(nowhere.errors, /there is no store at/)
  })
})
