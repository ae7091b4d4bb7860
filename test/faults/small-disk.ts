import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A disk of its own that can be filled to the last byte. */
export interface SmallDisk {
  readonly folder: string
  /** Takes all the room that is left. */
  readonly fill: () => void
  /** Gives it back. */
  readonly free: () => void
  readonly remove: () => void
}

const SIZE_MIB = 256
const CHUNK_BYTES = [1_048_576, 4096, 1]

/** A disk in memory; undefined where this user may mount none. */
export function openSmallDisk(): SmallDisk | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'pawl-disk-'))
  const options = `size=${SIZE_MIB}m,mode=1777`
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status !== 0) {
    rmdirSync(folder)
    return undefined
  }
  const ballast = path.join(folder, 'ballast')
  return {
    folder,
    fill: () => fill(ballast),
    free: () => rmSync(ballast, { force: true }),
    remove: () => {
      // What still holds a file there, if anything, is on its way out.
      spawnSync('umount', ['-l', folder])
      rmdirSync(folder)
    },
  }
}

function fill(file: string): void {
  const ballast = openSync(file, 'w')
  for (const bytes of CHUNK_BYTES) {
    const chunk = Buffer.alloc(bytes)
    while (hasRoomFor(ballast, chunk)) {
      // Until there is none.
    }
  }
  closeSync(ballast)
}

function hasRoomFor(file: number, chunk: Buffer): boolean {
  try {
    return writeSync(file, chunk) === chunk.length
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
