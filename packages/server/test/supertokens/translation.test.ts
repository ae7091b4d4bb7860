import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'

const packages = path.join(import.meta.dirname, '../../..')
/** What translates; the import of sessions stands beside it. */
const EDGE_LINES_MAX = 2_600
/** Words of the foreign wire, and of its versions. */
const FOREIGN = /supertokens|anti-?csrf|cdi-version|refreshTokenHash|userDataIn|recipe|rsub/i

function sourcesOf(part: string): readonly (readonly [string, string])[] {
  return globSync(`${part}/**/*.ts`, { cwd: packages }).map((file) => [
    file,
    readFileSync(path.join(packages, file), 'utf8'),
  ])
}

describe('the compatible wire', () => {
  it('is a translation: small, and with nothing of the core but its types', (context) => {
    const edge = sourcesOf('server/src/supertokens')
    assert.ok(edge.length > 10)
    const translating = edge.filter(([file]) => !/import/.test(path.dirname(file)))
    const lines = translating.reduce((sum, [, text]) => sum + text.split('\n').length, 0)
    context.diagnostic(`${translating.length} files, ${lines} lines`)
    assert.ok(lines <= EDGE_LINES_MAX, `${lines} lines`)
    for (const [file, text] of edge) {
      assert.doesNotMatch(text, /import \{[^}]*\} from '@pawl\/core'/, file)
      assert.doesNotMatch(text, /from '@pawl\/store/, file)
    }
  })

  it('has left no word of its own behind it', () => {
    for (const part of ['core/src', 'protocol/src', 'embedded/src']) {
      const sources = sourcesOf(part)
      assert.ok(sources.length > 5)
      for (const [file, text] of sources) assert.doesNotMatch(text, FOREIGN, file)
    }
  })
})
