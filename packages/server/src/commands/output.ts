/** Exit code of a command line or a configuration that does not hold. */
const USAGE_EXIT = 2
/** Exit code of a command that could not be done. */
export const FAILURE_EXIT = 1

/** Writes text to the standard output; resolves to success. */
export function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** Writes faults to the standard error, one a line, and returns the exit code. */
export function complain(faults: readonly string[], exitCode: number = USAGE_EXIT): number {
  process.stderr.write(faults.map((fault) => `pawl: ${fault}\n`).join(''))
  return exitCode
}

/** Tells people what they may want to know, on the standard error; changes no exit code. */
export function remark(text: string): void {
  process.stderr.write(`pawl: ${text}\n`)
}
