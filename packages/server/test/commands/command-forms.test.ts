import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOfWords } from '../../src/commands/command-forms.ts'
import { parseCommandLine } from '../../src/commands/command-line.ts'

const forms = ['list --user <id>', 'revoke <handle>', 'put <name> [--yes]']
const own = { user: 'text', yes: 'flag' } as const

function faultOf(typed: string): string | null {
  return faultOfWords(parseCommandLine(typed.split(' '), own), 'things', forms)
}

test('a command that is typed in one of its forms is without fault', () => {
  for (const typed of ['list --user ada', 'revoke x', 'put x', 'put x --yes']) {
    assert.equal(faultOf(typed), null, typed)
  }
})

test('a word too many, too few or unknown, or an option left out, is answered with all forms', () => {
  for (const typed of ['list', 'lst --user ada', 'revoke', 'revoke x y', '']) {
    assert.equal(
      faultOf(typed),
      'say pawl things list --user <id>, pawl things revoke <handle> or pawl things put <name> [--yes]',
      typed,
    )
  }
})

test('a family of one command says that one', () => {
  const line = parseCommandLine(['now'], {})
  assert.equal(faultOfWords(line, 'migrate', ['[--dry-run]']), 'say pawl migrate [--dry-run]')
  assert.equal(faultOfWords(parseCommandLine([], {}), 'migrate', ['[--dry-run]']), null)
})
