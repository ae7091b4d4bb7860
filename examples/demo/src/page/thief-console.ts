import type { ThiefAnswer } from '../demo-event.ts'
import type { DemoApi } from './demo-api.ts'
import { button, byId, el } from './dom.ts'
import { type Move, playTactic, type Tactic, tactics } from './tactics.ts'

/** The second client: copies the token, then plays it by hand or by a tactic. */
export interface ThiefConsole {
  /** Forgets the last robbery; nobody holds a copy. */
  readonly reset: () => void
  /** The session has ended: nothing is left to play. */
  readonly close: () => void
}

interface Options {
  readonly api: DemoApi
  /** A true refresh of the browser; tells whether the session goes on. */
  readonly moveYou: () => Promise<boolean>
  /** Pause between the moves of a tactic, in milliseconds. */
  readonly paceMs: number
}

const LINES_MAX = 60

/** Wires the console that is in the page. */
export function makeThiefConsole({ api, moveYou, paceMs }: Options): ThiefConsole {
  const write = makeTranscript()
  let thiefId: string | null = null
  let running = false
  let closed = false

  async function moveThief(move: 'refresh' | 'call'): Promise<boolean> {
    if (thiefId === null) return false
    write(move === 'refresh' ? 'POST /auth/session/refresh' : 'GET /me', 'sent')
    const answer = await api.moveThief(thiefId, move)
    write(answerWords(answer), answer.status === 200 ? 'good' : 'bad')
    return answer.status === 200
  }
  const moves: { readonly [K in Move]: () => Promise<boolean> } = {
    you: moveYou,
    thief: () => moveThief('refresh'),
    read: () => moveThief('call'),
  }
  async function steal(): Promise<void> {
    thiefId = await api.steal()
    if (thiefId === null) return
    byId('before-theft', HTMLElement).hidden = true
    byId('after-theft', HTMLElement).hidden = false
    sayState('holds your token', 'inside')
    write('cookie jar copied', 'good')
    button('thief-refresh').focus()
  }
  async function run(tactic: Tactic): Promise<void> {
    running = true
    write(`tactic: ${tactic.name.toLowerCase()}`, 'sent')
    allow({ running, closed })
    const breathe = async () => {
      await new Promise((resolve) => setTimeout(resolve, paceMs))
      return running && !closed
    }
    await playTactic(tactic, (move) => moves[move](), breathe)
    running = false
    allow({ running, closed })
  }

  button('steal').addEventListener('click', () => void steal())
  button('thief-refresh').addEventListener('click', () => void moves.thief())
  button('thief-call').addEventListener('click', () => void moves.read())
  button('tactic-stop').addEventListener('click', () => {
    running = false
  })
  offerTactics(run)
  return {
    reset() {
      thiefId = null
      running = false
      closed = false
      write(null)
      byId('before-theft', HTMLElement).hidden = false
      byId('after-theft', HTMLElement).hidden = true
      sayState('nobody here yet')
      allow({ running, closed })
    },
    close() {
      closed = true
      if (thiefId !== null) sayState('locked out', 'out')
      allow({ running, closed })
    },
  }
}

function sayState(text: string, tone = ''): void {
  const state = byId('thief-state', HTMLElement)
  state.textContent = text
  state.className = `chip ${tone}`
}

/** Writes lines below each other and keeps the last in sight; null begins anew. */
function makeTranscript(): (text: string | null, tone?: string) => void {
  const list = byId('transcript', HTMLOListElement)
  const lookAtLast = () => {
    list.scrollTop = list.scrollHeight
  }
  new ResizeObserver(lookAtLast).observe(list)
  return (text, tone = '') => {
    if (text === null) list.replaceChildren()
    else list.append(el('li', tone, text))
    while (list.childElementCount > LINES_MAX) list.firstElementChild?.remove()
    lookAtLast()
  }
}

function offerTactics(run: (tactic: Tactic) => Promise<void>): void {
  for (const tactic of tactics) {
    const choice = el('button')
    choice.type = 'button'
    choice.id = `tactic-${tactic.id}`
    choice.setAttribute('aria-pressed', 'false')
    choice.append(el('strong', '', tactic.name), el('span', '', tactic.hint))
    choice.addEventListener('click', async () => {
      choice.setAttribute('aria-pressed', 'true')
      await run(tactic)
      choice.setAttribute('aria-pressed', 'false')
    })
    byId('tactics', HTMLElement).append(choice)
  }
}

/** By hand a thief may go on trying after the end: it is refused, and seen to be. */
function allow({ running, closed }: { running: boolean; closed: boolean }): void {
  for (const one of controls()) one.disabled = running && !closed
  byId('tactics', HTMLElement).hidden = closed
  button('tactic-stop').hidden = !running || closed
}

function controls(): readonly HTMLButtonElement[] {
  const inTactics = [...byId('tactics', HTMLElement).querySelectorAll('button')]
  return [button('thief-refresh'), button('thief-call'), ...inTactics]
}

function answerWords({ status, code, generation, loot }: ThiefAnswer): string {
  if (status !== 200) return `${status} ${code ?? 'no answer'}`
  return loot ?? `200, generation ${generation}`
}
