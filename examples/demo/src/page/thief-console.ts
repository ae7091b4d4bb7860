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
  const state = byId('thief-state', HTMLElement)
  const transcript = byId('transcript', HTMLOListElement)
  const stop = button('tactic-stop')
  let thiefId: string | null = null
  let running = false
  let closed = false

  const sayState = (text: string, tone = '') => {
    state.textContent = text
    state.className = `chip ${tone}`
  }
  const write = (text: string, tone: string) => {
    transcript.append(el('li', tone, text))
    while (transcript.childElementCount > LINES_MAX) transcript.firstElementChild?.remove()
    transcript.scrollTop = transcript.scrollHeight
  }
  const allow = () => {
    // By hand a thief may go on trying after the end: it is refused, and seen to be.
    for (const one of controls()) one.disabled = running
    byId('tactics', HTMLElement).hidden = closed
    stop.hidden = !running || closed
  }

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

  async function run(tactic: Tactic, pressed: HTMLButtonElement): Promise<void> {
    running = true
    pressed.setAttribute('aria-pressed', 'true')
    write(`tactic: ${tactic.name.toLowerCase()}`, 'sent')
    allow()
    await playTactic(
      tactic,
      (move) => moves[move](),
      async () => {
        await new Promise((resolve) => setTimeout(resolve, paceMs))
        return running && !closed
      },
    )
    running = false
    pressed.setAttribute('aria-pressed', 'false')
    allow()
  }

  button('steal').addEventListener('click', async () => {
    thiefId = await api.steal()
    if (thiefId === null) return
    byId('before-theft', HTMLElement).hidden = true
    byId('after-theft', HTMLElement).hidden = false
    sayState('holds your token', 'inside')
    write('cookie jar copied', 'good')
    button('thief-refresh').focus()
  })
  button('thief-refresh').addEventListener('click', () => moves.thief())
  button('thief-call').addEventListener('click', () => moves.read())
  stop.addEventListener('click', () => {
    running = false
  })
  for (const tactic of tactics) {
    const choice = el('button')
    choice.type = 'button'
    choice.id = `tactic-${tactic.id}`
    choice.setAttribute('aria-pressed', 'false')
    choice.append(el('strong', '', tactic.name), el('span', '', tactic.hint))
    choice.addEventListener('click', () => run(tactic, choice))
    byId('tactics', HTMLElement).append(choice)
  }

  return {
    reset() {
      thiefId = null
      running = false
      closed = false
      transcript.replaceChildren()
      byId('before-theft', HTMLElement).hidden = false
      byId('after-theft', HTMLElement).hidden = true
      sayState('nobody here yet')
      allow()
    },
    close() {
      closed = true
      if (thiefId !== null) sayState('locked out', 'out')
      allow()
      transcript.scrollTop = transcript.scrollHeight
    },
  }
}

function controls(): readonly HTMLButtonElement[] {
  const inTactics = [...byId('tactics', HTMLElement).querySelectorAll('button')]
  return [button('thief-refresh'), button('thief-call'), ...inTactics]
}

function answerWords({ status, code, generation, loot }: ThiefAnswer): string {
  if (status !== 200) return `${status} ${code ?? 'no answer'}`
  return loot ?? `200, generation ${generation}`
}
