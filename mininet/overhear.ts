/** Frames that are no test frames: what switches and controllers say by themselves, heard where test frames are. */
import type { Channel } from './channel.ts'
import type { Arrival } from './experiment.ts'

/**
 * Listen from now on for frames of some EtherTypes, outermost tag aside.
 * @returns asks for all that was heard since
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
