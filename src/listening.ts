/** Opens a listener of the configuration, and says what is wrong with its address if that fails. */
import { ConfigError } from './config/config.ts'
import { type Address, printAddress } from './config/values.ts'

/**
 * @param key the key of the configuration with the address
 * @throws ConfigError
 */
export async function listening<T>(key: string, address: Address, listen: (place: Address) => Promise<T>): Promise<T> {
  try {
    return await listen(address)
  } catch (error) {
    throw new ConfigError(
      `${key} holds ${printAddress(address)}: ${whyNot(error)}; allowed: an address of this machine with a free port`,
      error,
    )
  }
}

function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  switch ('code' in error && error.code) {
    case 'EADDRINUSE':
      return 'another program listens there already'
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address'
    case 'EACCES':
      return 'this process has no permission to listen there: ports below 1024 need one'
    case 'ENOTFOUND':
      return 'this name has no address'
    default:
      return error.cause === undefined ? error.message : whyNot(error.cause)
  }
}
