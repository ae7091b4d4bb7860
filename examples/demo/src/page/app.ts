import type { DemoEvent } from '../demo-event.ts'
import { type DemoApi, makeDemoApi } from './demo-api.ts'
import { button, byId } from './dom.ts'
import { type Feed, makeFeed } from './feed.ts'
import { type LineageGraph, makeLineageGraph } from './lineage-graph.ts'
import { openSession } from './open-session.ts'
import { makeRulePanel, type RulePanel } from './rule-panel.ts'
import { type AccessLife, makeSessionPanel, type SessionPanel } from './session-panel.ts'
import { emptyStory, type Story, tell } from './story.ts'
import { startTheme } from './theme.ts'
import { makeThiefConsole, type ThiefConsole } from './thief-console.ts'
import { showVerdict } from './verdict.ts'

const RECONNECT_MS = 1000
const PACE_MS = 900

interface Parts {
  readonly api: DemoApi
  readonly graph: LineageGraph
  readonly panel: SessionPanel
  readonly rule: RulePanel
  readonly feed: Feed
  readonly thief: ThiefConsole
}

/** What is on the screen: the story so far and the session it is about. */
interface Scene {
  story: Story
  handle: string | null
  seq: number
}

function show(parts: Parts, scene: Scene): void {
  parts.graph.show(scene.story)
  parts.panel.showStory(scene.story)
  parts.rule.light(scene.story.lastRow)
  showVerdict(scene.story)
  const over = scene.story.ended !== null
  for (const id of ['call', 'expire', 'drop', 'tab', 'steal']) button(id).disabled = over
  if (over) parts.thief.close()
}

function take(parts: Parts, scene: Scene, event: DemoEvent): void {
  if (event.seq <= scene.seq) return
  scene.seq = event.seq
  scene.story = tell(scene.story, event)
  parts.feed.add(event, scene.story)
  if (event.kind === 'granted') parts.rule.count(event.row)
  if (event.kind === 'theft') parts.rule.count('theft')
  show(parts, scene)
}

/** Follows one session's events; connects again until the session has ended or another began. */
async function follow(parts: Parts, scene: Scene, handle: string): Promise<void> {
  while (scene.handle === handle && scene.story.ended === null) {
    const answer = await parts.api.follow(scene.seq, (event) => {
      if (scene.handle === handle) take(parts, scene, event)
    })
    if (answer.status === 401) return
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
  }
}

function begin(parts: Parts, scene: Scene, handle: string): void {
  Object.assign(scene, { story: emptyStory, handle, seq: 0 })
  parts.feed.reset()
  parts.rule.reset()
  parts.thief.reset()
  show(parts, scene)
  void follow(parts, scene, handle)
}

/** Welcome without a session; the desk with one, and for as long as there is an end to look at. */
function turn(parts: Parts, scene: Scene, access: AccessLife | null): void {
  if (access !== null && access.handle !== scene.handle) begin(parts, scene, access.handle)
  if (access !== null) parts.panel.showAccess(access)
  const loggedIn = access !== null
  const robbed = scene.handle !== null && scene.story.ended !== 'sign-out'
  byId('welcome', HTMLElement).hidden = loggedIn || robbed
  byId('desk', HTMLElement).hidden = !loggedIn && !robbed
  button('sign-out').hidden = !loggedIn
}

function wireButtons(parts: Parts, scene: Scene, moveYou: () => Promise<boolean>): void {
  const answer = byId('answer', HTMLElement)
  const say = (text: string) => {
    answer.textContent = text
  }
  button('call').addEventListener('click', async () => {
    const { status, text } = await parts.api.call()
    say(status === 0 ? `No answer: ${text}` : `${status} ${text}`)
  })
  button('expire').addEventListener('click', async () => {
    const { status } = await parts.api.expire()
    say(status === 200 ? 'Done. Now call the API.' : `${status}`)
  })
  button('drop').addEventListener('click', async () => {
    const { status } = await parts.api.drop()
    say(status === 200 ? 'Armed. Expire the token, then call the API.' : `${status}`)
  })
  button('tab').addEventListener('click', () => window.open(location.href, '_blank', 'noopener'))
  button('again').addEventListener('click', () => {
    scene.handle = null
    turn(parts, scene, null)
    byId('name', HTMLInputElement).focus()
  })
}

async function main(): Promise<void> {
  startTheme()
  const origin = document.querySelector<HTMLMetaElement>('meta[name="pawl-api"]')?.content ?? ''
  const settings = await (await fetch(`${origin}/demo/settings`)).json()
  const session = openSession(origin, settings)
  const api = makeDemoApi(origin, session)
  const scene: Scene = { story: emptyStory, handle: null, seq: 0 }
  const moveYou = async () => {
    await api.expire()
    return (await api.call()).status === 200
  }
  const paceMs = Number(new URLSearchParams(location.search).get('pace') ?? PACE_MS)
  const parts: Parts = {
    api,
    graph: makeLineageGraph(),
    panel: makeSessionPanel(() => settings.accessTtlSeconds * 1000),
    rule: makeRulePanel(),
    feed: makeFeed(),
    thief: makeThiefConsole({ api, moveYou, paceMs }),
  }
  wireButtons(parts, scene, moveYou)
  session.watch((access) => turn(parts, scene, access))
}

void main()
