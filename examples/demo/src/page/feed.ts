import type { DemoEvent } from '../demo-event.ts'
import { byId, el } from './dom.ts'
import { rowNumber, sentenceOf } from './words.ts'

const ENTRIES_MAX = 80

/** What happened, newest first, and the last of it in large letters under the tree. */
export interface Feed {
  readonly add: (event: DemoEvent) => void
  readonly reset: () => void
}

/** Writes into the page's own list and status line. */
export function makeFeed(): Feed {
  const list = byId('entries', HTMLOListElement)
  const now = byId('now', HTMLElement)
  // It scrolls, so the arrow keys must reach it.
  list.tabIndex = 0
  return {
    add(event) {
      const sentence = sentenceOf(event)
      const entry = el('li', toneOf(event))
      const row = event.kind === 'granted' ? ` Row ${rowNumber(event.row)}.` : ''
      entry.append(el('span', '', `${sentence}${row}`))
      list.prepend(entry)
      while (list.childElementCount > ENTRIES_MAX) list.lastElementChild?.remove()
      if (event.kind !== 'called' && event.kind !== 'refused') now.textContent = sentence + row
    },
    reset() {
      list.replaceChildren()
      now.textContent = ''
    },
  }
}

function toneOf(event: DemoEvent): string {
  switch (event.kind) {
    case 'theft':
      return 'alarm'
    case 'stolen':
      return 'thief'
    case 'granted':
      return event.to
    case 'called':
    case 'refused':
      return event.by
    case 'created':
      return 'you'
    default:
      return ''
  }
}
