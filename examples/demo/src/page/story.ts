import type { Actor, DemoEvent, Place, Row } from '../demo-event.ts'

/** One refresh token in the tree, as far as the events tell. */
export interface TokenNode extends Place {
  /** Who was granted it; a token whose answer was thrown away belongs to nobody. */
  readonly owner: Actor | 'nobody'
  /** Which row of the rule granted it; null for the root. */
  readonly row: Row | null
}

/** Why and by whose request a session was ended as stolen. */
export interface Theft {
  readonly by: Actor
  readonly presented: string | null
}

/** All that the page knows of one session; made from its events alone. */
export interface Story {
  readonly userId: string | null
  readonly nodes: readonly TokenNode[]
  /** The newest token whose receipt was proved, and its parent: what the core remembers. */
  readonly cur: string | null
  readonly prev: string | null
  /** The newest token each side holds. */
  readonly held: { readonly [K in Actor]: string | null }
  readonly lastRow: Row | 'theft' | null
  readonly refreshes: number
  /** The demo API refuses the browser's access token, whatever its clock says. */
  readonly expired: boolean
  readonly theft: Theft | null
  readonly ended: string | null
}

/** The most tokens kept for drawing; the oldest go first. */
export const NODES_MAX = 60

/** A story in which nothing has happened yet. */
export const emptyStory: Story = {
  userId: null,
  nodes: [],
  cur: null,
  prev: null,
  held: { you: null, thief: null },
  lastRow: null,
  refreshes: 0,
  expired: false,
  theft: null,
  ended: null,
}

/** The story after one more event. Pure. */
export function tell(story: Story, event: DemoEvent): Story {
  switch (event.kind) {
    case 'created': {
      const { place, userId } = event
      const root: TokenNode = { ...place, owner: 'you', row: null }
      const held = { you: place.id, thief: null }
      return { ...emptyStory, userId, nodes: [root], cur: place.id, held }
    }
    case 'granted':
      return grant(story, event)
    case 'lost':
      return lose(story, event.id)
    case 'expired':
      return { ...story, expired: true }
    case 'stolen':
      return { ...story, held: { ...story.held, thief: event.id } }
    case 'theft':
      return {
        ...story,
        theft: { by: event.by, presented: event.presented },
        lastRow: 'theft',
      }
    case 'ended':
      return { ...story, ended: event.reason }
    default:
      return story
  }
}

/**
 * Moves `cur` and `prev` to where the row that granted says they are now: rows 1, 2, 3 and 5 leave
 * the token that was shown as the current one, row 4 shows that it is the previous one.
 */
function grant(story: Story, event: Extract<DemoEvent, { kind: 'granted' }>): Story {
  const { place, row, to } = event
  const nodes = [...story.nodes, { ...place, owner: to, row }].slice(-NODES_MAX)
  const grown = {
    ...story,
    nodes,
    held: { ...story.held, [to]: place.id },
    lastRow: row,
    refreshes: story.refreshes + 1,
    expired: story.expired && to === 'thief',
  }
  // The token that was shown is the parent of the one that was granted.
  if (row === 'late') return { ...grown, prev: place.parent }
  return { ...grown, cur: place.parent, prev: parentOf(story, place.parent) }
}

function lose(story: Story, id: string): Story {
  const nodes = story.nodes.map((node) =>
    node.id === id ? { ...node, owner: 'nobody' as const } : node,
  )
  const held = story.held.you === id ? parentOf(story, id) : story.held.you
  return { ...story, nodes, held: { ...story.held, you: held } }
}

function parentOf(story: Story, id: string | null): string | null {
  return nodeOf(story, id)?.parent ?? null
}

/** The token of that name, if it is still kept. */
export function nodeOf(story: Story, id: string | null): TokenNode | undefined {
  return story.nodes.find((node) => node.id === id)
}
