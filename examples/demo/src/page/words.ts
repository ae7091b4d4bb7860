import type { Actor, DemoEvent, Row } from '../demo-event.ts'
import { nodeOf, type Story } from './story.ts'

/** One row of the rotation rule in plain words. */
export interface RowWords {
  readonly number: number
  readonly row: Row | 'theft'
  readonly title: string
  readonly meaning: string
}

/** The rule, as the page shows it; the order is the order in which the core asks. */
export const rowWords: readonly RowWords[] = [
  {
    number: 1,
    row: 'current',
    title: 'The current token',
    meaning: 'Nobody has moved on yet: grant a child.',
  },
  {
    number: 2,
    row: 'advance',
    title: 'Its child',
    meaning: 'So the last answer arrived: the parent retires.',
  },
  {
    number: 3,
    row: 'converge',
    title: 'A sibling, minted in one race',
    meaning: 'Follow this branch.',
  },
  {
    number: 4,
    row: 'late',
    title: 'The previous token, moments late',
    meaning: 'A slow message: let it pass.',
  },
  {
    number: 5,
    row: 'heal',
    title: 'Two generations ahead',
    meaning: 'The database went back in time: trust it.',
  },
  {
    number: 6,
    row: 'theft',
    title: 'Anything else',
    meaning: 'Two people hold one session: end it for both.',
  },
]

/** The number of a row, 1 to 6. */
export function rowNumber(row: Row | 'theft'): number {
  return rowWords.find((words) => words.row === row)?.number ?? 6
}

const who: { readonly [K in Actor]: string } = { you: 'You', thief: 'The thief' }
const whose: { readonly [K in Actor]: string } = { you: 'your', thief: 'the thief’s' }

const grantWords: { readonly [K in Row]: (name: string) => string } = {
  current: (name) => `${name} showed the current token and got its child.`,
  advance: (name) => `${name} showed the child: it had arrived, so its parent retired.`,
  converge: (name) => `${name} showed a sibling from the same race. It is followed, for now.`,
  late: (name) => `${name} showed the previous token, moments late. Let through and noted.`,
  heal: (name) => `${name} showed a token newer than the database knows. It was believed.`,
}

/** What an event means, in one plain sentence. */
export function sentenceOf(event: DemoEvent): string {
  switch (event.kind) {
    case 'created':
      return `${event.userId} logged in: the first pair of tokens.`
    case 'granted':
      return grantWords[event.row](who[event.to])
    case 'lost':
      return 'That answer was thrown away. The browser still holds the token before it.'
    case 'armed':
      return 'The next refresh answer will be thrown away on its way back.'
    case 'expired':
      return 'The access token was expired by hand.'
    case 'stolen':
      return 'The refresh token was copied. From here on two people hold it.'
    case 'called':
      return calledWords(event.by)
    case 'refused':
      return refusedWords(event.by, event.code)
    case 'theft':
      return 'Row 6: a superseded token was shown. Two people hold this session.'
    case 'ended':
      return endedWords(event.reason)
  }
}

function calledWords(by: Actor): string {
  return by === 'you' ? 'You called the API.' : 'The thief read your data.'
}

function refusedWords(by: Actor, code: string): string {
  return `${who[by]} was refused: ${code.replaceAll('_', ' ')}.`
}

function endedWords(reason: string): string {
  if (reason === 'theft') return 'The session is over, for you and for the thief.'
  if (reason === 'sign-out') return 'You logged out. The session is over on every device it was on.'
  return `The session is over (${reason}).`
}

/** What gave the theft away, in two or three sentences. */
export function theftSentence(story: Story): string {
  const { theft } = story
  if (theft === null) return ''
  const shown = nodeOf(story, theft.presented)
  const current = nodeOf(story, story.cur)
  const named = shown === undefined ? 'an old token' : `the token of generation ${shown.generation}`
  const shownSide = theft.by === 'thief' ? 'The thief' : 'Your browser'
  const currentSide = current?.owner === 'thief' ? whose.thief : whose.you
  const branch =
    current === undefined
      ? 'the session had gone another way.'
      : `the session had already gone on along ${currentSide} branch.`
  return (
    `${shownSide} showed ${named}, but ${branch} ` +
    'One browser cannot be in two places: somebody copied the token.'
  )
}
