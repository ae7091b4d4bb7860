/** How the app of an SDK is started. */
export interface Launch {
  /** The program and its arguments. */
  readonly command: readonly string[]
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** What the app is told beside its setup. */
  readonly settings: Readonly<Record<string, unknown>>
}
