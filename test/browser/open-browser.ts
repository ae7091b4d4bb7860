import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const ARGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu',
]

/** Opens the machine's Chromium: the one `PAWL_CHROMIUM` names, else `chromium` on the PATH. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env.PAWL_CHROMIUM ?? findOnPath('chromium')
  return await chromium.launch({ executablePath, args: ARGS })
}

function findOnPath(name: string): string {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not in this folder: the next one may have it.
    }
  }
  throw new Error('there is no chromium on the PATH: set PAWL_CHROMIUM')
}
