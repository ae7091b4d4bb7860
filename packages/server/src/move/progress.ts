import type { MoveProgress } from './copy-content.ts'

const BAR_WIDTH = 30
/** Time between two drawings of the bar, and between two lines where there is no terminal. */
const DRAW_EVERY_MS = 100
const LINE_EVERY_MS = 1_000

/** Where the progress goes. */
export interface ProgressOutput {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/**
 * Shows progress: a bar that is drawn over on a terminal, plain lines elsewhere.
 *
 * @param nowMs a clock for how often, and how fast; default: that of the process
 */
export function showProgress(
  output: ProgressOutput,
  nowMs: () => number = () => performance.now(),
): {
  readonly onProgress: MoveProgress
  readonly end: () => void
} {
  const isBar = output.isTTY === true
  let part = ''
  let shownAtMs = Number.NEGATIVE_INFINITY
  let last = ''
  let startedAtMs = 0
  let isShown = true

  function show(): void {
    output.write(isBar ? `\r\u001b[K${last}` : `${last}\n`)
    shownAtMs = nowMs()
    isShown = true
  }

  function finishPart(): void {
    if (!isShown) show()
    if (isBar && part !== '') output.write('\n')
  }

  return {
    onProgress: (name, done, total) => {
      if (name !== part) {
        finishPart()
        part = name
        shownAtMs = Number.NEGATIVE_INFINITY
        startedAtMs = nowMs()
      }
      last = lineOf(name, done, total) + rateOf(done, nowMs() - startedAtMs)
      isShown = false
      const everyMs = isBar ? DRAW_EVERY_MS : LINE_EVERY_MS
      const isDue = nowMs() - shownAtMs >= everyMs
      if (isDue || done === total) show()
    },
    end: finishPart,
  }
}

function lineOf(part: string, done: number, total: number | null): string {
  const count = done.toLocaleString('en')
  if (total === null) return `${part}: ${count}`
  const share = total === 0 ? 1 : done / total
  const filled = Math.round(share * BAR_WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
  return `${part}: ${bar} ${Math.floor(share * 100)} % ${count} of ${total.toLocaleString('en')}`
}

/** Only once it says something. */
function rateOf(done: number, elapsedMs: number): string {
  if (elapsedMs < 1_000) return ''
  return `, ${Math.round((done * 1_000) / elapsedMs).toLocaleString('en')}/s`
}
