/**
 * Which releases of Open vSwitch keep cached decisions. If two cached flows of the user-space datapath match a packet, these releases
 * may update the wrong one of them when rules change. The other one then decides as before for as long as packets use it. Open
 * vSwitch 2.17.8, 3.0.5, 3.1.3 and 3.2.0 are the first releases of their series that find the right one.
 */

/** The first release of each series that has the correction. Later series have it from the beginning, earlier ones never got it. */
const CORRECTED: ReadonlyArray<readonly [major: number, minor: number, patch: number]> = [
  [2, 17, 8],
  [3, 0, 5],
  [3, 1, 3],
]

/**
 * @param version of Open vSwitch; without one, the release may be any
 * @param datapathType of the bridge
 */
export function keepsDecisions(version: string, datapathType: string): boolean {
  if (datapathType !== 'netdev') return false
  const [major, minor, patch] = (/^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1) ?? []).map(Number)
  if (major === undefined || minor === undefined || patch === undefined) return true
  const series = CORRECTED.find(([its, own]) => its === major && own === minor)
  if (series) return patch < series[2]
  return major < 3
}
