import type { EndReason } from '@pawl/web'
import type { DemoEvent } from '../demo-event.ts'
import type { BrowserSession } from './browser-session.ts'
import { type CallAnswer, type DemoApi, makeDemoApi, readSettings } from './demo-api.ts'
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
  access: AccessLife | null
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
  const isDesk = scene.access !== null || scene.handle !== null
  byId('welcome', HTMLElement).hidden = isDesk
  byId('desk', HTMLElement).hidden = !isDesk
}

function take(parts: Parts, scene: Scene, event: DemoEvent): void {
  if (event.seq <= scene.seq) return
  scene.seq = event.seq
  scene.story = tell(scene.story, event)
  if (event.kind === 'ended' && event.reason === 'sign-out') {
    leave(parts, scene)
    return
  }
  parts.feed.add(event)
  if (event.kind === 'granted') parts.rule.count(event.row)
  if (event.kind === 'theft') parts.rule.count('theft')
  // The browser finds out by its next call, as it would anywhere.
  if (event.kind === 'ended') void parts.api.call()
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

/** Back to the welcome; what was on the desk is forgotten. */
function leave(parts: Parts, scene: Scene): void {
  Object.assign(scene, { story: emptyStory, access: null, handle: null, seq: 0 })
  show(parts, scene)
}

function begin(parts: Parts, scene: Scene, handle: string): void {
  Object.assign(scene, { story: emptyStory, handle, seq: 0 })
  parts.feed.reset()
  parts.rule.reset()
  parts.thief.reset()
  show(parts, scene)
  void follow(parts, scene, handle)
}

/** Follows the SDK: the desk is laid for whoever is logged in, and stays for a look at the end. */
function turn(parts: Parts, scene: Scene, access: AccessLife | null): void {
  scene.access = access
  if (access !== null && access.handle !== scene.handle) begin(parts, scene, access.handle)
  if (access !== null) parts.panel.showAccess(access)
  const user = byId('user', HTMLElement)
  user.hidden = access === null
  user.textContent = access?.userId ?? ''
  button('sign-out').hidden = access === null
  show(parts, scene)
}

/** What the SDK learned by a refusal; the event stream mostly knows it first, and better. */
function end(parts: Parts, scene: Scene, reason: EndReason): void {
  if (reason === 'signed-out') {
    leave(parts, scene)
    return
  }
  scene.story = { ...scene.story, ended: scene.story.ended ?? reason }
  show(parts, scene)
}

function wireButtons(parts: Parts, scene: Scene, session: BrowserSession): void {
  const answer = byId('answer', HTMLElement)
  const say = (text: string) => {
    answer.textContent = text
  }
  const press = (id: string, act: () => Promise<string>) => {
    button(id).addEventListener('click', async () => say(await act()))
  }
  press('call', async () => wordsOf(await parts.api.call(), (text) => `200 ${text}`))
  press('expire', async () =>
    wordsOf(await parts.api.expire(), () => 'Expired. The next call has to refresh first.'),
  )
  press('drop', async () =>
    wordsOf(await parts.api.drop(), () => 'Armed. Expire the token, then call the API.'),
  )
  button('tab').addEventListener('click', () => window.open(location.href, '_blank', 'noopener'))
  button('sign-out').addEventListener('click', () => void session.signOut())
  button('again').addEventListener('click', () => {
    leave(parts, scene)
    byId('name', HTMLInputElement).focus()
  })
}

function wordsOf({ status, text }: CallAnswer, good: (text: string) => string): string {
  if (status === 200) return good(text)
  return status === 0 ? `No answer for now: ${text}` : `${status} ${text}`
}

function wireLogIn(api: DemoApi): void {
  const trouble = byId('log-in-trouble', HTMLElement)
  byId('log-in', HTMLFormElement).addEventListener('submit', async (event) => {
    event.preventDefault()
    const answer = await api.logIn(byId('name', HTMLInputElement).value.trim())
    trouble.hidden = answer.status === 200
    trouble.textContent = wordsOf(answer, () => '')
    if (answer.status === 200) byId('main', HTMLElement).focus()
  })
}

async function main(): Promise<void> {
  startTheme()
  const origin = document.querySelector<HTMLMetaElement>('meta[name="pawl-api"]')?.content ?? ''
  const settings = await readSettings(origin)
  const session = openSession(origin, settings)
  const api = makeDemoApi(origin, session)
  const scene: Scene = { story: emptyStory, access: null, handle: null, seq: 0 }
  const moveYou = async () => {
    await api.expire()
    const { status } = await api.call()
    // Without an answer nothing is decided: the SDK may be holding back for a moment.
    return status === 200 || status === 0
  }
  const paceMs = Number(new URLSearchParams(location.search).get('pace') ?? PACE_MS)
  const parts: Parts = {
    api,
    graph: makeLineageGraph(),
    panel: makeSessionPanel(settings.accessTtlSeconds * 1000),
    rule: makeRulePanel(),
    feed: makeFeed(),
    thief: makeThiefConsole({ api, moveYou, paceMs }),
  }
  wireButtons(parts, scene, session)
  wireLogIn(api)
  session.onEnd((reason) => end(parts, scene, reason))
  session.watch((access) => turn(parts, scene, access))
}

void main()
