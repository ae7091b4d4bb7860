import type { TokenNode } from './story.ts'

/** Where a token is drawn: a column for each generation, a lane for each branch. */
export interface Spot {
  readonly node: TokenNode
  readonly column: number
  /** 0 is your straight way; branches of yours go above it (negative), the thief's below. */
  readonly lane: number
}

/**
 * Gives every token its spot. Pure, and stable: a token keeps its lane while the tree grows, save
 * one whose answer was lost, which makes way for the one that arrived instead.
 */
export function layOut(nodes: readonly TokenNode[]): readonly Spot[] {
  const first = nodes[0]?.generation ?? 0
  const oldest = nodes.reduce((least, node) => Math.min(least, node.generation), first)
  const laneOf = new Map<string, number>()
  const taken = new Set<string>()
  const continued = new Set<string>()
  const arrivedFirst = [
    ...nodes.filter((node) => node.owner !== 'nobody'),
    ...nodes.filter((node) => node.owner === 'nobody'),
  ]
  for (const node of arrivedFirst) {
    const column = node.generation - oldest
    const lane = chooseLane(node, column)
    laneOf.set(node.id, lane)
    taken.add(`${column}:${lane}`)
    if (node.parent !== null) continued.add(`${node.owner}:${node.parent}`)
  }
  return nodes.map((node) => ({
    node,
    column: node.generation - oldest,
    lane: laneOf.get(node.id) ?? 0,
  }))

  /** The parent's lane if this goes on in it, else the nearest free one on its owner's side. */
  function chooseLane(node: TokenNode, column: number): number {
    const side = node.owner === 'thief' ? 1 : -1
    const parentLane = node.parent === null ? 0 : (laneOf.get(node.parent) ?? 0)
    const straightOn = !continued.has(`${node.owner}:${node.parent}`) && belongs(node, parentLane)
    let lane = straightOn ? parentLane : side
    while (taken.has(`${column}:${lane}`)) lane += side
    return lane
  }
}

/** The thief's tokens stay below your way, yours on it or above. */
function belongs(node: TokenNode, lane: number): boolean {
  return node.owner === 'thief' ? lane > 0 : node.owner === 'you' && lane <= 0
}
