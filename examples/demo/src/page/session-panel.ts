import { byId } from './dom.ts'
import type { Story } from './story.ts'
import { makeWheel } from './wheel.ts'

/** What the panel must know of the access token; times are of this machine's clock. */
export interface AccessLife {
  readonly handle: string
  readonly userId: string
  readonly generation: number
  readonly expiresAtMs: number
}

/** The wheel, the countdown in it and the figures below. */
export interface SessionPanel {
  readonly showStory: (story: Story) => void
  readonly showAccess: (access: AccessLife | null) => void
}

const TICK_MS = 200

/** Draws into the page's own elements and keeps the countdown going. */
export function makeSessionPanel(accessTtlMs: number): SessionPanel {
  const wheel = makeWheel()
  const count = byId('countdown', HTMLElement)
  const unit = byId('countdown-unit', HTMLElement)
  const text = (id: string, value: string) => {
    byId(id, HTMLElement).textContent = value
  }
  let access: AccessLife | null = null
  let forced = false
  let over = false

  const tick = () => {
    const leftMs = access === null || forced || over ? 0 : access.expiresAtMs - Date.now()
    const seconds = Math.max(0, Math.ceil(leftMs / 1000))
    count.textContent = String(seconds)
    unit.textContent = unitOf(seconds, over)
    wheel.showLife(leftMs / accessTtlMs)
  }
  setInterval(tick, TICK_MS)

  return {
    showStory(story) {
      forced = story.expired
      over = story.ended !== null
      wheel.turnTo(story.refreshes)
      text('refreshes', String(story.refreshes))
      tick()
    },
    showAccess(next) {
      access = next
      if (next !== null) {
        text('generation', String(next.generation))
        text('handle', next.handle.slice(0, 8))
      }
      tick()
    },
  }
}

function unitOf(seconds: number, over: boolean): string {
  if (over) return 'session over'
  return seconds === 0 ? 'expired' : 'seconds left'
}
