import { byId, svg } from './dom.ts'
import { layOut, type Spot } from './lineage-layout.ts'
import { nodeOf, type Story, type TokenNode } from './story.ts'

const COLUMN = 92
const LANE = 72
const MARGIN_X = 58
const MARGIN_TOP = 56
const MARGIN_BOTTOM = 64
const LANES_MIN = 3

/** The tree of grants, drawn and growing. */
export interface LineageGraph {
  readonly show: (story: Story) => void
}

interface Drawn {
  readonly token: SVGGElement
  readonly edge: SVGPathElement | null
}

/** Draws into the page's own SVG; tokens glide to new places, new ones grow out of their parent. */
export function makeLineageGraph(): LineageGraph {
  const canvas = byId('graph', SVGSVGElement)
  const edges = byId('graph-edges', SVGGElement)
  const tokens = byId('graph-tokens', SVGGElement)
  const scroller = byId('graph-scroller', HTMLElement)
  const drawn = new Map<string, Drawn>()
  // It scrolls sideways, so the arrow keys must reach it.
  scroller.tabIndex = 0

  return {
    show(story) {
      const spots = layOut(story.nodes)
      const frame = frameOf(spots)
      canvas.setAttribute('width', String(frame.width))
      canvas.setAttribute('height', String(frame.height))
      canvas.setAttribute('aria-label', describe(story))
      canvas.classList.toggle('caught', story.theft !== null)
      const places = new Map(spots.map((spot) => [spot.node.id, placeOf(spot, frame.top)]))
      forgetGone(drawn, places)
      for (const spot of spots) {
        const { node } = spot
        const place = places.get(node.id)
        if (place === undefined) continue
        const parent = node.parent === null ? undefined : places.get(node.parent)
        const found = drawn.get(node.id) ?? draw(node, parent !== undefined)
        if (!drawn.has(node.id)) {
          if (found.edge !== null) edges.append(found.edge)
          tokens.append(found.token)
          drawn.set(node.id, found)
        }
        found.token.style.transform = `translate(${place.x}px, ${place.y}px)`
        dress(found, spot, story)
        if (found.edge !== null && parent !== undefined) {
          found.edge.setAttribute('d', curve(parent, place))
        }
      }
      scroller.scrollTo({ left: frame.width })
    },
  }
}

interface Point {
  readonly x: number
  readonly y: number
}

function frameOf(spots: readonly Spot[]): { width: number; height: number; top: number } {
  const columns = spots.reduce((most, spot) => Math.max(most, spot.column), 0)
  const top = spots.reduce((least, spot) => Math.min(least, spot.lane), -1)
  const bottom = spots.reduce((most, spot) => Math.max(most, spot.lane), top + LANES_MIN - 1)
  return {
    top,
    width: 2 * MARGIN_X + columns * COLUMN,
    height: MARGIN_TOP + MARGIN_BOTTOM + (bottom - top) * LANE,
  }
}

function placeOf(spot: Spot, top: number): Point {
  return { x: MARGIN_X + spot.column * COLUMN, y: MARGIN_TOP + (spot.lane - top) * LANE }
}

function forgetGone(drawn: Map<string, Drawn>, places: ReadonlyMap<string, Point>): void {
  for (const [id, { token, edge }] of drawn) {
    const parentGone = edge !== null && !places.has(edge.dataset.parent ?? '')
    if (parentGone) edge.remove()
    if (places.has(id)) continue
    token.remove()
    edge?.remove()
    drawn.delete(id)
  }
}

function draw(node: TokenNode, withEdge: boolean): Drawn {
  const token = svg('g', { class: 'token' })
  const body = svg('g', { class: 'body' })
  const mark = svg('path', { class: 'mark' })
  const number = svg('text', { class: 'generation', y: 5 })
  number.textContent = String(node.generation)
  const name = svg('text', { class: 'name' })
  name.textContent = node.id.slice(0, 4)
  const flag = svg('text', { class: 'flag' })
  const wave = svg('circle', { class: 'wave', r: 18 })
  body.append(mark, number, name, flag)
  token.append(wave, body)
  if (!withEdge || node.parent === null) return { token, edge: null }
  const edge = svg('path', { class: 'edge', pathLength: 1 })
  edge.dataset.parent = node.parent
  return { token, edge }
}

/** Labels keep clear of the lanes next door: by the side of the straight way, -1, 0 or 1. */
const labelHeights: { readonly [side: number]: { name: number; flag: number } } & {
  readonly 0: { name: number; flag: number }
} = {
  [-1]: { name: -26, flag: -40 },
  0: { name: 38, flag: -28 },
  1: { name: 38, flag: 54 },
}

const CIRCLE = 'M-17 0a17 17 0 1 0 34 0a17 17 0 1 0 -34 0Z'
const DIAMOND = 'M0 -21L21 0L0 21L-21 0Z'

function dress({ token, edge }: Drawn, { node, lane }: Spot, story: Story): void {
  const isShown = story.theft !== null && story.theft.presented === node.id
  token.setAttribute('class', `token ${node.owner}${isShown ? ' shown' : ''}`)
  edge?.setAttribute('class', `edge ${node.owner}`)
  token.classList.toggle('held-by-you', story.held.you === node.id && story.ended === null)
  token.classList.toggle('held-by-thief', story.held.thief === node.id && story.ended === null)
  token.querySelector('.mark')?.setAttribute('d', node.owner === 'thief' ? DIAMOND : CIRCLE)
  const labels = labelHeights[Math.sign(lane)] ?? labelHeights[0]
  token.querySelector('.name')?.setAttribute('y', String(labels.name))
  const flag = token.querySelector('.flag')
  if (flag === null) return
  flag.setAttribute('y', String(labels.flag))
  flag.textContent = flagOf(node, story, isShown)
}

function flagOf(node: TokenNode, story: Story, isShown: boolean): string {
  if (isShown) return node.owner === 'thief' ? 'caught' : 'row 6'
  if (node.id === story.cur) return 'current'
  if (node.id === story.prev) return 'previous'
  return node.owner === 'nobody' ? 'lost' : ''
}

function curve(from: Point, to: Point): string {
  const middle = (from.x + to.x) / 2
  return `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`
}

function describe(story: Story): string {
  const count = (owner: TokenNode['owner']) =>
    story.nodes.filter((node) => node.owner === owner).length
  const current = nodeOf(story, story.cur)
  const parts = [
    `Tree of refresh tokens: ${count('you')} yours`,
    `${count('thief')} the thief’s`,
    `${count('nobody')} lost on the way`,
    `the current one is of generation ${current?.generation ?? 0}`,
  ]
  return `${parts.join(', ')}.`
}
