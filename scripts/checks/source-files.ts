import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** One fault that a check of the sources found. A warning is printed and refuses nothing. */
export interface Finding {
  readonly file: string
  /** 1-based; absent when the fault is of the whole file. */
  readonly line?: number
  readonly text: string
  readonly warning?: boolean
}

/** One file: its path relative to the root, with forward slashes, and its text. */
export interface SourceFile {
  readonly file: string
  readonly text: string
}

/** The root of the repository. */
export const root = path.resolve(import.meta.dirname, '../..')

/** Files whose names these patterns match are bytes, not text. */
const binary = /\.(png|jpe?g|gif|webp|ico|woff2?|zip|gz|sqlite|db)$/

/** Every text file that git tracks or would track: a new file is judged before its commit. */
export function listSourceFiles(): readonly SourceFile[] {
  const listing = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const files = listing.split('\0').filter((file) => file !== '' && !binary.test(file))
  return [...new Set(files)]
    .filter((file) => existsSync(path.join(root, file)))
    .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }))
}

/** True for files that tests are made of; the suites of the store contract are published tests. */
export function isTest(file: string): boolean {
  return /(^|\/)(test|suites)\//.test(file) || file.endsWith('.test.ts')
}

/** True for recorded data, which has the size it has. */
export function isFixture(file: string): boolean {
  return /(^|\/)fixtures\//.test(file)
}

/** True for files whose text is a program of ours. */
export function isCode(file: string): boolean {
  return /\.(ts|tsx|mjs|js)$/.test(file)
}
