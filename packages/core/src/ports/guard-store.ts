import type { Store } from './store.ts'
import { StoreError } from './store-error.ts'

/** What a database plugin does itself: everything of the port but its name and its end. */
export type StoreMethods = Omit<Store, 'engine' | 'isEmbedded' | 'close'>

/** What {@link guardStore} lays around a plugin's methods. */
export interface StoreFrame {
  /** For messages: `sqlite`, `postgres`, … */
  readonly engine: string
  /** The engine's own name, as in "the PostgreSQL store is closed". */
  readonly title: string
  /** True if the database lives beside this core. */
  readonly isEmbedded: boolean
  /** Lets go of every resource; called once, when no call is under way any more. */
  readonly release: () => Promise<void>
}

/**
 * A whole store from a plugin's methods: calls are refused with `StoreError('closed')` once `close`
 * was called, which waits for those under way and then releases what the plugin holds.
 */
export function guardStore(frame: StoreFrame, methods: StoreMethods): Store {
  const idle = Promise.withResolvers<void>()
  let underWay = 0
  let closed: Promise<void> | undefined
  const leave = () => {
    underWay -= 1
    if (closed !== undefined && underWay === 0) idle.resolve()
  }
  const guard =
    (run: Step): Step =>
    (...args) => {
      if (closed !== undefined) {
        return Promise.reject(new StoreError('closed', `the ${frame.title} store is closed`))
      }
      underWay += 1
      const answer = callStep(run, args)
      answer.then(leave, leave)
      return answer
    }
  const steps = Object.entries(methods as unknown as Readonly<Record<string, Step>>)
  const guarded = Object.fromEntries(steps.map(([name, run]) => [name, guard(run)]))
  return {
    ...(guarded as unknown as StoreMethods),
    engine: frame.engine,
    isEmbedded: frame.isEmbedded,
    close: () => {
      closed ??= (underWay === 0 ? Promise.resolve() : idle.promise).then(frame.release)
      return closed
    },
  }
}

type Step = (...args: readonly unknown[]) => Promise<unknown>

/** A call whose throw, if it does not even get to a promise, is a rejection all the same. */
function callStep(run: Step, args: readonly unknown[]): Promise<unknown> {
  try {
    return run(...args)
  } catch (error) {
    return Promise.reject(error)
  }
}
