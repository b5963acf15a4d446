/** Records frames that are not test frames: those that switches and controllers send by themselves. */
import type { Channel } from './channel.ts'
import type { Arrival } from './experiment.ts'

/**
 * Records frames of some EtherTypes from now on. An outer tag is ignored.
 * @returns a function that returns the recorded frames
 */
export async function overhear(
  channel: Channel,
  etherTypes: readonly number[],
): Promise<() => Promise<readonly Arrival[]>> {
  const listen = () =>
    channel.call<{ heard: [string, 'in' | 'out', string][] }>('overhear', { ether_types: etherTypes })
  await listen()
  const heard: Arrival[] = []
  return async () => {
    heard.push(...(await listen()).heard.map(([tap, direction, hex]) => ({ tap, direction, hex })))
    return heard
  }
}
