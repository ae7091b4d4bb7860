/** A clock that only moves when told to. */
export interface TestClock {
  now: number
  readonly nowMs: () => number
  advance(ms: number): void
}

/** A clock at an arbitrary fixed time. */
export function testClock(start = 1_800_000_000_000): TestClock {
  const clock: TestClock = {
    now: start,
    nowMs: () => clock.now,
    advance: (ms) => {
      clock.now += ms
    },
  }
  return clock
}

/** Background work that runs only when told to. */
export function manualSchedule() {
  const tasks = new Set<() => void>()
  return {
    schedule: (task: () => void) => {
      tasks.add(task)
      return () => tasks.delete(task)
    },
    get size() {
      return tasks.size
    },
    run() {
      const due = [...tasks]
      tasks.clear()
      for (const task of due) task()
    },
  }
}
