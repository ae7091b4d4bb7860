/** The value at a share (0 to 1) of sorted numbers, the lower of two. Throws for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  if (value === undefined) throw new Error('there is nothing to measure')
  return value
}

/** The median. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}
