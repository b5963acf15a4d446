/** Commands that run in the background in a machine of the lab, until they are stopped. */
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import type { Channel } from './channel.ts'

export interface Background {
  /** The whole output so far. */
  printed(): Promise<string>
  /** Interrupts the command like Ctrl-C, and returns its whole output. */
  stop(): Promise<string>
}

/** @param running a set that contains the command until it is stopped */
export async function startBackground(
  channel: Channel,
  running: Set<Background>,
  command: { readonly machine: string; readonly argv: readonly string[]; readonly log: string },
): Promise<Background> {
  const { pid } = await channel.call<{ pid: number }>('spawn', { ...command, env: {} })
  const ended = channel.exit(pid)
  const printed = () => readFile(command.log, 'utf8')
  const background: Background = {
    printed,
    stop: async () => {
      running.delete(background)
      await channel.call('kill', { pid, signal_number: constants.signals.SIGINT })
      await ended
      return await printed()
    },
  }
  running.add(background)
  return background
}
