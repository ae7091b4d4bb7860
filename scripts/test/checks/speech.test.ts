import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSpeech } from '../../checks/speech.ts'

const judge = (text: string) => checkSpeech([{ file: 'a.md', text }]).length

test('a path of one machine is refused, wherever it stands', () => {
  for (const folder of ['work', 'root', 'tmp']) {
    assert.equal(judge(`see /${folder}/x`), 1)
    assert.equal(judge(`"/${folder}/x"`), 1)
  }
  assert.equal(judge(`in /${'home'}/ann/x`), 1)
})

test('paths of the repository and of addresses are not', () => {
  assert.equal(judge('simulation/work/x, https://example.com/root/x, ./tmp/x'), 0)
})

test('hosts of package registries are refused', () => {
  assert.equal(judge(`https://registry.${'npmjs'}.org/x`), 1)
  assert.equal(judge(`  "resolved": "https${'://'}host/x.tgz"`), 1)
})
