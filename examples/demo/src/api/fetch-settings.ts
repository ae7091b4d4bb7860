import { ROUTES } from '@pawl/protocol'
import type { DemoSettings } from '../demo-event.ts'

const TIMEOUT_MS = 5000

/** Asks the core for what the page has to know: how long tokens live, how long a race may take. */
export async function fetchSettings(
  coreUrl: string,
  apiKey: string | undefined,
): Promise<DemoSettings> {
  const response = await fetch(`${coreUrl}${ROUTES.getSettings.path}`, {
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok)
    throw new Error(`the core answered ${response.status} to a look at its settings`)
  const { accessTtlSeconds, raceWindowMs } = (await response.json()) as DemoSettings
  return { accessTtlSeconds, raceWindowMs }
}
