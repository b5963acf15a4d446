/** Says in words for the operator what an error of the system or of LMDB means. */
import { statfsSync } from 'node:fs'
import { Damage } from './pages.ts'

const EIO = 5
const ENOSPC = 28
const FULL = 'there is no space left on its disk'

/** What an operator does with a store that cannot be used. */
export const RESTORE =
  'move it away, and load the latest dump into a new one (plugboard store load), or put back a copy of the whole directory'

/** @param directory the directory of the store */
export function reasonOf(error: unknown, directory: string): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof Damage) return `its file data.mdb ${error.message}: ${RESTORE}`
  switch ('code' in error && error.code) {
    case 'ENOSPC':
    case ENOSPC:
      return FULL
    case 'EDQUOT':
      return 'the disk quota is used up'
    case EIO:
      // LMDB reports a partial write as an I/O error.
      return statfsSync(directory).bavail === 0 ? FULL : 'its disk fails'
    case 'EACCES':
    case 'EPERM':
      return 'this process has no permission for it'
    case 'EROFS':
      return 'the file system is read-only'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'it is not a directory'
    default:
      return error.message
  }
}
