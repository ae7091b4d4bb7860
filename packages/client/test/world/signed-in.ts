import assert from 'node:assert/strict'
import type { Tab } from './tab.ts'
import { World } from './world.ts'

/** A world whose first tab has logged Alice in, and whose other tabs know it. */
export function signedIn(
  tabCount: number,
  options: ConstructorParameters<typeof World>[0] = {},
): { readonly world: World; readonly tabs: readonly Tab[]; readonly first: Tab } {
  const world = new World(options)
  const tabs = Array.from({ length: tabCount }, () => world.openTab())
  world.time.pass(1000)
  const [first] = tabs
  assert.ok(first)
  const login = first.call({ route: 'log-in', userId: 'alice' })
  world.time.pass(1000)
  assert.equal(login.result, 'ok')
  return { world, tabs, first }
}
