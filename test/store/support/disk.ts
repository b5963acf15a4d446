/** Disks that can be full: real file systems of a few megabytes. Only root may mount them. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** Runs a command in a mount namespace that ends with the command. */
const mayMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

/** The option of a test: why it is skipped, if it is. */
export const skip = !mayMount && 'needs root, and the right to mount a small file system'

/** A new disk, in a directory outside of the test's own, which is removed before the disk could be unmounted. */
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

/** Fills the disk to the last byte. */
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
