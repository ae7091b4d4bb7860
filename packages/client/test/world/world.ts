import { RACE_WINDOW_ASSUMED_MS } from '@pawl/protocol/frontend'
import type { Answer, EngineSettings } from '../../src/index.ts'
import { defaultSettings } from '../../src/index.ts'
import { raceWindowOf } from '../../src/steps/record-steps.ts'
import { FakeSessions } from './fake-sessions.ts'
import { type Call, type Recipient, Tab, type TabHost } from './tab.ts'
import { VirtualTime } from './virtual-time.ts'

/** What becomes of one exchange. */
export interface Exchange {
  /** How long the request takes; `lost`: it never arrives. */
  readonly thereMs: number | 'lost'
  readonly backMs: number | 'lost'
  /** Instead of an answer of the API: a status of whoever stands before it. */
  readonly status?: number
  readonly retryAfterMs?: number
}

interface Jar {
  refreshToken?: string | undefined
  accessToken?: string | undefined
}

/** One browser with many tabs, a network with moods, and an API. */
export class World implements TabHost {
  readonly time: VirtualTime
  readonly settings: EngineSettings
  readonly api: FakeSessions
  readonly tabs = new Set<Tab>()
  readonly lockQueue: Tab[] = []
  jar: Jar = {}
  storage: string | null = null
  isOnline = true
  /** The mood of the network: replace it to lose, delay or replace messages. */
  exchange: (call: Call) => Exchange = () => ({ thereMs: 20, backMs: 30 })
  lastTab = 0

  constructor(options: Partial<EngineSettings> & { seed?: number; accessLifeMs?: number } = {}) {
    const { seed = 1, accessLifeMs = 3_600_000, ...settings } = options
    this.time = new VirtualTime(seed)
    this.settings = { ...defaultSettings, ...settings }
    this.api = new FakeSessions({
      accessLifeMs,
      raceWindowMs: this.settings.raceWindowMs ?? RACE_WINDOW_ASSUMED_MS,
      nowMs: () => this.time.nowMs,
    })
  }

  openTab({ visible = true } = {}): Tab {
    this.lastTab += 1
    const tab = new Tab(this, `tab${this.lastTab}`, visible)
    this.tabs.add(tab)
    tab.dispatch({ kind: 'started', visible })
    return tab
  }

  /** Writes the shared record; the other tabs learn of it a little later. */
  write(text: string, by: Tab): void {
    this.storage = text
    for (const tab of this.tabs) {
      if (tab === by) continue
      this.time.after(this.time.random() * 20, () => tab.dispatch({ kind: 'noticed' }))
    }
  }

  forget(tab: Tab): void {
    this.tabs.delete(tab)
  }

  takeLock(tab: Tab): void {
    this.lockQueue.push(tab)
    if (this.lockQueue[0] === tab) this.#grantLock()
    else {
      this.time.after(raceWindowOf(tab.state) / 2, () => {
        const place = this.lockQueue.indexOf(tab)
        if (place <= 0) return
        // It takes the lock away from whoever holds it.
        this.lockQueue.splice(place, 1)
        this.lockQueue[0] = tab
        this.#grantLock()
      })
    }
  }

  releaseLock(tab: Tab): void {
    const place = this.lockQueue.indexOf(tab)
    if (place < 0) return
    this.lockQueue.splice(place, 1)
    if (place === 0) this.#grantLock()
  }

  /** Sends a call, as the network's mood will have it. */
  send(call: Call, taken: Recipient): void {
    const startedAtMs = this.time.nowMs
    const fate: Exchange = this.isOnline ? this.exchange(call) : { thereMs: 'lost', backMs: 'lost' }
    let open = true
    const fail = (cause: 'network' | 'timeout') => {
      if (!open) return
      open = false
      taken.failed(cause)
    }
    const { thereMs, backMs } = fate
    if (taken.abortAfterMs !== undefined) this.time.after(taken.abortAfterMs, () => fail('timeout'))
    if (thereMs === 'lost') {
      this.time.after(5, () => fail('network'))
      return
    }
    // The browser adds the cookies when the request leaves.
    const held = this.settings.holdsTokens
    const sent = held ? call : { ...call, ...this.jar }
    this.time.after(thereMs, () => {
      const { answer, jar } = this.#handle(sent, fate)
      if (backMs === 'lost') {
        this.time.after(5, () => fail('network'))
        return
      }
      this.time.after(backMs, () => {
        if (!open) return
        open = false
        // Also when the tab has died: the browser takes the cookies.
        if (!held && jar !== undefined) this.jar = jar
        taken.answered({ ...answer, startedAtMs, handle: taken.handle })
      })
    })
  }

  #grantLock(): void {
    const tab = this.lockQueue[0]
    if (tab !== undefined) {
      this.time.after(1, () => {
        if (this.lockQueue[0] === tab) tab.dispatch({ kind: 'lock-held' })
      })
    }
  }

  #handle(
    call: Call,
    { status, retryAfterMs }: Exchange,
  ): { answer: Omit<Answer, 'startedAtMs' | 'handle'>; jar?: Jar } {
    const silent = { session: undefined, code: undefined, tokens: undefined, retryAfterMs }
    if (status !== undefined) return { answer: { ...silent, status } }
    if (call.route === 'sign-out') {
      this.api.signOut(call.refreshToken)
      return { answer: { ...silent, status: 200, session: 'none' }, jar: {} }
    }
    if (call.route === 'log-in') {
      const { header, ...tokens } = this.api.logIn(call.userId ?? 'alice')
      return {
        answer: { ...silent, status: 200, session: header, tokens: held(tokens) },
        jar: tokens,
      }
    }
    const outcome =
      call.route === 'refresh'
        ? this.api.refresh(call.refreshToken)
        : this.api.check(call.accessToken)
    if (outcome.kind === 'refused') {
      const over = call.route === 'refresh'
      const session = over ? ('none' as const) : undefined
      const answer = { ...silent, status: 401, code: outcome.code, session }
      return over && outcome.code !== 'no_session' ? { answer, jar: {} } : { answer }
    }
    const { header, ...tokens } = outcome.grant
    if (call.route === 'read') return { answer: { ...silent, status: 200, session: header } }
    return {
      answer: { ...silent, status: 200, session: header, tokens: held(tokens) },
      jar: tokens,
    }
  }
}

function held(tokens: { readonly refreshToken: string; readonly accessToken: string }) {
  return { access: tokens.accessToken, refresh: tokens.refreshToken }
}
