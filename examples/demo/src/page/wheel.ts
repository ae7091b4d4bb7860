import { byId, svg } from './dom.ts'

const TEETH = 24
const CENTER = 110
const TIP_RADIUS = 93
const ROOT_RADIUS = 82
/** Share of a tooth that its steep face takes. */
const FACE_SHARE = 0.06
const TOOTH_DEGREES = 360 / TEETH

/** The ratchet wheel around the countdown: one tooth forward for each grant, never back. */
export interface Wheel {
  /** Turns to a count of refreshes; the pawl lifts and falls once. */
  readonly turnTo: (count: number) => void
  /** Shows how much of the access token's life is left, 0 to 1. */
  readonly showLife: (share: number) => void
}

/** Draws the wheel into the page's own SVG. */
export function makeWheel(): Wheel {
  const wheel = byId('wheel-teeth', SVGGElement)
  const pawl = byId('wheel-pawl', SVGGElement)
  const life = byId('wheel-life', SVGCircleElement)
  wheel.append(svg('path', { d: teeth(), class: 'teeth' }))
  byId('motif-teeth', SVGGElement).append(svg('path', { d: teeth() }))
  let turned = 0
  return {
    turnTo(count) {
      if (count === turned) return
      turned = count
      wheel.style.transform = `rotate(${count * TOOTH_DEGREES}deg)`
      pawl.classList.remove('click')
      // Reading a length makes the browser forget the finished animation, so that it runs again.
      pawl.getBBox()
      pawl.classList.add('click')
    },
    showLife(share) {
      const bounded = Math.max(0, Math.min(1, share))
      life.style.strokeDashoffset = String(1 - bounded)
      life.classList.toggle('low', bounded < 0.2)
    },
  }
}

/** Saw teeth: a slow slope that the pawl rides up, and a steep face that it falls behind. */
function teeth(): string {
  const points: string[] = []
  for (let tooth = 0; tooth < TEETH; tooth++) {
    const from = tooth * TOOTH_DEGREES
    points.push(at(ROOT_RADIUS, from), at(TIP_RADIUS, from + TOOTH_DEGREES * FACE_SHARE))
  }
  return `M${points.join('L')}Z`
}

function at(radius: number, degrees: number): string {
  const angle = (degrees * Math.PI) / 180
  const x = CENTER + radius * Math.cos(angle)
  const y = CENTER + radius * Math.sin(angle)
  return `${x.toFixed(2)} ${y.toFixed(2)}`
}
