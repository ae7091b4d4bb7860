import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'

/** A folder that goes with the test. */
export function tempFolder(context: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'pawl-sqlite-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
