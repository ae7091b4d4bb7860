/** Names the things of a counter-example; the same thing keeps its name through the story. */
export interface Narrator {
  /** A short name for a token, such as `R2` or `R2b`. */
  token(id: number, generation: number): string
}

/** One sentence of a story, built only when the story is told. */
export type Sentence = (narrator: Narrator) => string

/** The sentence of time passing; a story merges consecutive ones. */
export const TICK: Sentence = () => 'More time passes'

/** Receives what can happen next. */
export interface Sink<S> {
  /** A state that one move leads to. */
  go(next: S, sentence: Sentence): void
  /** A move that breaks an invariant. */
  violate(sentence: Sentence): void
}

/** A world that can be explored: its first state, its moves, and the canonical form of a state. */
export interface Model<S> {
  readonly initial: S
  /** Writes the canonical form; states that behave alike have the same form. Returns its length. */
  encode(state: S, out: Uint8Array): number
  decode(bytes: Uint8Array, offset: number): S
  /** Every move from a state. */
  moves(state: S, sink: Sink<S>): void
}

/** No canonical form is longer, in bytes. */
export const STATE_BYTES_MAX = 255
