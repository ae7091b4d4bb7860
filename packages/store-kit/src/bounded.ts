/**
 * The value of an option that is a whole number from `min` to `max`; throws a `RangeError` that
 * says so for any other.
 */
export function bounded(
  name: string,
  value: number,
  [min, max]: readonly [min: number, max: number],
): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`${name} has to be a whole number from ${min} to ${max}`)
}
