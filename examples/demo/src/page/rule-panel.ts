import type { Row } from '../demo-event.ts'
import { byId, el } from './dom.ts'
import { rowWords } from './words.ts'

/** The six rows, of which the one that decided last is lit. */
export interface RulePanel {
  readonly light: (row: Row | 'theft' | null) => void
  readonly count: (row: Row | 'theft') => void
  readonly reset: () => void
}

/** Writes the rule into the page's own list. */
export function makeRulePanel(): RulePanel {
  const list = byId('rows', HTMLOListElement)
  const lines = rowWords.map((words) => {
    const line = el('li', words.row === 'theft' ? 'theft' : '')
    line.dataset.row = words.row
    const text = el('span', 'text')
    text.append(el('span', 'title', `${words.title}. `), el('span', 'meaning', words.meaning))
    const times = el('span', 'times')
    line.append(el('span', 'number', String(words.number)), text, times)
    list.append(line)
    return { row: words.row, line, times, count: 0 }
  })
  return {
    light(row) {
      for (const { line, row: own } of lines) {
        line.setAttribute('aria-current', String(own === row))
      }
    },
    count(row) {
      const found = lines.find((line) => line.row === row)
      if (found === undefined) return
      found.count += 1
      found.times.textContent = `${found.count}×`
    },
    reset() {
      for (const line of lines) {
        line.count = 0
        line.times.textContent = ''
        line.line.setAttribute('aria-current', 'false')
      }
    },
  }
}
