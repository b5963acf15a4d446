/** Reads the arguments of the demo and the benchmark. A mistake is printed in one line and ends the program with 2. */
import { type ParseArgsConfig, parseArgs } from 'node:util'

export function argumentsOf<const Options extends NonNullable<ParseArgsConfig['options']>>(options: Options) {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return misused(`${error.message.split('. ')[0]}: --help tells more; options come after a "--"`)
  }
}

/** Ends the program with the exit code for wrong arguments. */
export function misused(words: string): never {
  console.error(words)
  process.exit(2)
}
