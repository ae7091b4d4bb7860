import type { ServerConfig } from '../config/table.ts'
import { parseCommandLine } from './command-line.ts'
import { complain, FAILURE_EXIT, print } from './output.ts'

/** `pawl serve`: runs the core service until it is told to stop. */
export async function serveCommand(args: readonly string[]): Promise<number> {
  const line = parseCommandLine(args, { 'print-config': 'flag' })
  const faults = [
    ...line.positionals.map((word) => `${JSON.stringify(word)} is not an option`),
    ...line.faults,
  ]
  const { loadConfig } = await import('../config/load-config.ts')
  const file = line.config.config ?? process.env.PAWL_CONFIG
  const loaded = loadConfig({ file, env: process.env, flags: line.config })
  if (loaded.kind === 'faults') return complain([...faults, ...loaded.faults])
  if (faults.length > 0) return complain(faults)
  for (const warning of loaded.warnings) process.stderr.write(`pawl: ${warning}\n`)
  if (line.options['print-config'] === true) {
    const { printConfig } = await import('../config/print-config.ts')
    return print(printConfig(loaded.config, loaded.origins))
  }
  const { ConfigError, startServer } = await import('../start-server.ts')
  try {
    const server = await startServer(loaded.config)
    return await untilStopped(server.close)
  } catch (error) {
    if (error instanceof ConfigError) return complain(error.faults)
    return complain([sentenceOf(error, loaded.config)], FAILURE_EXIT)
  }
}

/** Why the service did not start; what the operating system says of the address, with a remedy. */
function sentenceOf(error: unknown, { host, port }: ServerConfig): string {
  if (!(error instanceof Error) || error.message === '') return String(error)
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    return `port ${port} on ${host} is taken (${code}): stop what uses it, or set PAWL_PORT or --port`
  }
  const isAddress = syscall === 'listen' || syscall === 'getaddrinfo'
  return isAddress
    ? `cannot listen on ${host}, port ${port} (${code}): set PAWL_HOST and PAWL_PORT`
    : error.message
}

/** Waits for the first signal, then for the stop; a second signal ends the process at once. */
async function untilStopped(close: () => Promise<void>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let signals = 0
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals += 1
      if (signals > 1) process.exit(1)
      resolve()
    })
  }
  await promise
  await close()
  return 0
}
