import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { generateSecret } from './master-secret.ts'

const PRIVATE_DIR_MODE = 0o700
const PRIVATE_FILE_MODE = 0o600

/**
 * The master secrets of a file, one a line, the sealing one first. A file that is not there is made
 * with a new secret (mode 0600, its directory 0700); of several processes that start at once, one
 * makes it. For a store beside this process only: never invent a secret for a shared database.
 */
export function readOrCreateSecretFile(file: string): readonly string[] {
  mkdirSync(path.dirname(file), { recursive: true, mode: PRIVATE_DIR_MODE })
  try {
    const content = `${generateSecret()}\n`
    // One write of a few bytes to a name that must be new: a reader sees nothing or all of it.
    writeFileSync(file, content, { flag: 'wx', mode: PRIVATE_FILE_MODE, flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readSecretLines(readFileSync(file, 'utf8'))
}

/** The secrets in a text, one a line or separated by commas; empty lines do not count. */
export function readSecretLines(text: string): readonly string[] {
  return text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/**
 * Puts a new secret before those in the file: it seals from the next start of a core on, and the
 * older ones still open. The file is replaced as a whole (mode 0600). Returns all of them.
 */
export function prependSecret(file: string, secret: string): readonly string[] {
  const secrets = [secret, ...readOrCreateSecretFile(file)]
  const draft = `${file}.new`
  writeFileSync(draft, `${secrets.join('\n')}\n`, {
    flag: 'wx',
    mode: PRIVATE_FILE_MODE,
    flush: true,
  })
  renameSync(draft, file)
  return secrets
}
