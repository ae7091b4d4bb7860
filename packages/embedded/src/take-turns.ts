/**
 * Runs work one at a time for everybody who asks: whoever asks while it runs shares the next run,
 * which begins when this one has ended, so that nobody is answered with what was read before they
 * asked. At most one run waits, however many ask; it is a thorough one if any of them wants that.
 */
export function takeTurns(
  work: (isThorough: boolean) => Promise<void>,
): (isThorough: boolean) => Promise<void> {
  let running: Promise<void> | undefined
  let next: { readonly run: Promise<void>; isThorough: boolean } | undefined

  function start(isThorough: boolean): Promise<void> {
    const run = work(isThorough).finally(() => {
      if (running === run) running = undefined
    })
    running = run
    return run
  }

  function wait(after: Promise<void>, isThorough: boolean): Promise<void> {
    const startNext = (): Promise<void> => {
      const wanted = next?.isThorough === true
      next = undefined
      return start(wanted)
    }
    const waiting = { run: after.then(startNext, startNext), isThorough }
    next = waiting
    return waiting.run
  }

  return (isThorough) => {
    if (next !== undefined) {
      next.isThorough ||= isThorough
      return next.run
    }
    return running === undefined ? start(isThorough) : wait(running, isThorough)
  }
}
