import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { generateSecret } from './master-secret.ts'
import { randomBytes } from './random-pool.ts'

const PRIVATE_DIR_MODE = 0o700
const PRIVATE_FILE_MODE = 0o600
/** Whoever is neither the owner nor of the group, to which a container's volume may be given. */
const OTHERS_MODE = 0o007
/** What a file system says that has no hard links. */
const LINKLESS_CODES = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']
const DRAFT_NAME_BYTES = 6

/**
 * The master secrets of a file, one a line, the sealing one first. A file that is not there is made
 * with a new secret (mode 0600, its directory 0700); of several processes that start at once, one
 * makes it, and it appears with all that it holds. For a store beside this process only: never
 * invent a secret for a shared database. Throws a sentence as {@link readSecretFile} does.
 */
export function readOrCreateSecretFile(file: string): readonly string[] {
  mkdirSync(path.dirname(file), { recursive: true, mode: PRIVATE_DIR_MODE })
  if (!existsSync(file)) createSecretFile(file, `${generateSecret()}\n`)
  return readSecretFile(file)
}

/**
 * The master secrets of a file that is there. Throws a sentence for one that everybody on this
 * machine may read or change, and for one that holds no secret.
 */
export function readSecretFile(file: string): readonly string[] {
  const open = openSync(file, 'r')
  try {
    if (process.platform !== 'win32' && (fstatSync(open).mode & OTHERS_MODE) !== 0) {
      throw new Error(
        `the file ${file} holds the master secret and is open to others than its owner: ` +
          'chmod 600 it, or give the secret by PAWL_SECRET_FILE',
      )
    }
    const secrets = readSecretLines(readFileSync(open, 'utf8'))
    if (secrets.length === 0) throw new Error(`the file ${file} holds no master secret`)
    return secrets
  } finally {
    closeSync(open)
  }
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
  renameSync(writeDraft(file, `${secrets.join('\n')}\n`), file)
  syncDirectory(path.dirname(file))
  return secrets
}

/** Makes the file with its whole content, on disk, or leaves the one that was faster. */
function createSecretFile(file: string, content: string): void {
  const draft = writeDraft(file, content)
  try {
    linkSync(draft, file)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (LINKLESS_CODES.includes(code)) writeUnlessThere(file, content)
    else if (code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  syncDirectory(path.dirname(file))
}

function writeUnlessThere(file: string, content: string): void {
  try {
    writeNew(file, content)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function writeDraft(file: string, content: string): string {
  const draft = `${file}.${randomBytes(DRAFT_NAME_BYTES).toString('hex')}.new`
  writeNew(draft, content)
  return draft
}

function writeNew(file: string, content: string): void {
  writeFileSync(file, content, { flag: 'wx', mode: PRIVATE_FILE_MODE, flush: true })
}

/** A name is on disk only when its directory is; Windows keeps names by itself. */
function syncDirectory(dir: string): void {
  if (process.platform === 'win32') return
  const open = openSync(dir, 'r')
  try {
    fsyncSync(open)
  } finally {
    closeSync(open)
  }
}
