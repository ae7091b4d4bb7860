/** The engines that tests run on, as `STORES=…` names them. */
const ENGINES: readonly string[] = ['sqlite', 'postgres', 'mariadb', 'mongodb', 'redis']

/**
 * What is wrong with `STORES`, or undefined. A name that nobody knows would leave every engine out,
 * and the run would pass.
 */
export function faultOfStores(value: string | undefined): string | undefined {
  const words = (value ?? '').split(',').filter((word) => word !== '')
  const strangers = words.filter((word) => !ENGINES.includes(word))
  if (strangers.length === 0) return undefined
  return `STORES names ${strangers.join(', ')}: say some of ${ENGINES.join(',')}, or nothing for all`
}
