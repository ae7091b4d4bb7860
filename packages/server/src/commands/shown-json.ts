/** Controls that JSON leaves as they are, and marks that turn the direction of text. */
const UNSHOWN = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A value as JSON for a terminal: some of it was sent by visitors, and nothing is to steer it. */
export function shownJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSHOWN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
