/** Disks that can be full: real file systems of a few megabytes, which only root may mount. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** In a mount namespace that ends with the command. */
const mayMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

/** For a test's options: why it is left out, if it is. */
export const skip = !mayMount && 'needs root, and the right to mount a small file system'

/** A disk of its own, in a directory outside of the test's, which is gone before it could be unmounted. */
export function smallDisk(t: Test, megabytes: number): string {
  const path = mkdtempSync(join(tmpdir(), 'plugboard-disk-'))
  t.teardown(() => {
    spawnSync('umount', ['-l', path])
    rmSync(path, { recursive: true })
  })
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path])
  if (status !== 0) throw new Error(`mount: ${stderr}`)
  return path
}

/** Leave not one byte. */
export function fill(disk: string): void {
  const descriptor = openSync(join(disk, 'filler'), 'a')
  try {
    for (let length = 2 ** 20; length >= 1; ) {
      try {
        if (writeSync(descriptor, Buffer.alloc(length)) < length) length /= 2
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
        length /= 2
      }
    }
  } finally {
    closeSync(descriptor)
  }
}

export const empty = (disk: string): void => rmSync(join(disk, 'filler'), { force: true })
