import type { LockPort } from '../../src/index.ts'

interface Request {
  readonly run: () => void
  readonly fail: (reason: unknown) => void
}

/** A lock of the tabs as Web Locks are: one holder, a queue, and who steals goes first. */
export class FakeLock implements LockPort {
  /** Whoever holds it, then whoever waits. */
  readonly queue: Request[] = []

  hold(patience: AbortSignal | undefined, body: () => Promise<void>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        const place = this.queue.indexOf(request)
        if (place < 0) return
        this.queue.splice(place, 1)
        if (place === 0) this.queue[0]?.run()
      }
      const request: Request = {
        run: () => void body().then(resolve, reject).finally(leave),
        fail: reject,
      }
      if (patience === undefined) {
        this.queue.shift()?.fail(new DOMException('stolen', 'AbortError'))
        this.queue.unshift(request)
      } else this.queue.push(request)
      patience?.addEventListener('abort', () => {
        if (this.queue[0] === request) return
        leave()
        reject(patience.reason)
      })
      if (this.queue[0] === request) request.run()
    })
  }
}
