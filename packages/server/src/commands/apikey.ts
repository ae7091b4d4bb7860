import { complain, print } from './output.ts'

/** `pawl apikey …`: the keys that callers of the service present. */
export async function apikeyCommand(args: readonly string[]): Promise<number> {
  if (args.length === 1 && args[0] === 'generate') {
    const { generateApiKey } = await import('../http/api-keys.ts')
    const { key, keyHash } = generateApiKey()
    return print(`key:  ${key}\nhash: ${keyHash}\n`)
  }
  return complain([
    `there is no command ${JSON.stringify(`apikey ${args[0] ?? ''}`)}: see pawl --help`,
  ])
}
