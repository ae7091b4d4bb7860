import { complain, print } from './output.ts'

/** `pawl secret …`: the master secret. */
export async function secretCommand(args: readonly string[]): Promise<number> {
  if (args.length === 1 && args[0] === 'generate') {
    const { generateSecret } = await import('@pawl/embedded')
    return print(`${generateSecret()}\n`)
  }
  return complain([
    `there is no command ${JSON.stringify(`secret ${args[0] ?? ''}`)}: see pawl --help`,
  ])
}
