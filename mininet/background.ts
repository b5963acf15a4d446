/** Commands that go on in a machine of the lab until they are stopped. */
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import type { Channel } from './channel.ts'

export interface Background {
  /** All that it has printed so far. */
  printed(): Promise<string>
  /** Interrupts it, as Ctrl-C would, and returns all that it printed. */
  stop(): Promise<string>
}

/** @param running where it is listed until it is stopped */
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
