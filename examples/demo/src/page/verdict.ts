import { button, byId } from './dom.ts'
import type { Story } from './story.ts'
import { theftSentence } from './words.ts'

/** Says how a session ended, over the tree; hidden while it lives. */
export function showVerdict(story: Story): void {
  const box = byId('verdict', HTMLElement)
  const over = story.ended !== null
  const robbed = story.theft !== null || story.ended === 'theft'
  document.body.classList.toggle('ended', over)
  document.body.classList.toggle('robbed', robbed)
  box.classList.toggle('calm', !robbed)
  if (!over) {
    box.hidden = true
    return
  }
  const say = (id: string, text: string) => {
    byId(id, HTMLElement).textContent = text
  }
  say('verdict-title', robbed ? 'Theft detected. Row 6 ended the session.' : 'The session is over.')
  say('verdict-why', robbed ? theftSentence(story) : `Reason: ${story.ended}.`)
  const name = story.userId ?? 'you'
  say(
    'verdict-who',
    robbed ? `Logged out: ${name}, who can log in again, and the thief, for good.` : '',
  )
  const justNow = box.hidden
  box.hidden = false
  if (!justNow) return
  box.scrollIntoView({ block: 'nearest' })
  button('again').focus({ preventScroll: true })
}
