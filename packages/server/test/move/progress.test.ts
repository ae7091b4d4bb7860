import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { showProgress } from '../../src/move/progress.ts'

function shown(isTTY: boolean) {
  let [text, nowMs] = ['', 0]
  const write = (part: string) => {
    text += part
  }
  const progress = showProgress({ isTTY, write }, () => nowMs)
  const wait = (ms: number) => {
    nowMs += ms
  }
  return { ...progress, wait, text: () => text }
}

describe('the progress of a move', () => {
  it('is plain lines where there is no terminal: the first, the last and few between', () => {
    const { onProgress, end, text } = shown(false)
    onProgress('records copied', 7, null)
    for (const done of [500, 1000, 1500, 1700]) onProgress('sessions copied', done, 1700)
    onProgress('sessions verified', 500, null)
    onProgress('sessions verified', 1690, null)
    end()
    const lines = text().split('\n')
    assert.deepEqual(
      lines.map((line) => line.replace(/[█░]+/, '#')),
      [
        'records copied: 7',
        'sessions copied: # 29 % 500 of 1,700',
        'sessions copied: # 100 % 1,700 of 1,700',
        'sessions verified: 500',
        'sessions verified: 1,690',
        '',
      ],
    )
  })

  it('is a bar on a terminal, drawn over in place, one line a part', () => {
    const { onProgress, end, text } = shown(true)
    onProgress('sessions copied', 500, 1000)
    onProgress('sessions copied', 1000, 1000)
    end()
    const bars = text().split('\r\u001b[K').slice(1)
    assert.equal(bars[0], `sessions copied: ${'█'.repeat(15)}${'░'.repeat(15)} 50 % 500 of 1,000`)
    assert.equal(bars[1], `sessions copied: ${'█'.repeat(30)} 100 % 1,000 of 1,000\n`)
  })

  it('tells a second later how fast it goes', () => {
    const { onProgress, end, wait, text } = shown(false)
    onProgress('sessions counted', 500, null)
    wait(2_000)
    onProgress('sessions counted', 9_000, null)
    end()
    assert.equal(text(), 'sessions counted: 500\nsessions counted: 9,000, 4,500/s\n')
  })

  it('says nothing of a move that was refused', () => {
    const { end, text } = shown(true)
    end()
    assert.equal(text(), '')
  })
})
