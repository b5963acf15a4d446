/** Tunnels that should be watched and are not, because another program is in the way. Pure. */
import type { Condition } from '../core/engine/engine.ts'
import type { OpenVSwitch, Tables } from '../ovsdb/index.ts'
import { isProbeBridge, PROBE_BRIDGE, PROBE_KEY, type Probe, probeName, rivalOf, typeOf } from './probe-ports.ts'

/** Why tunnels that should be watched are not. */
export function unwatched(rows: Tables<OpenVSwitch>, probes: readonly Probe[]): Condition[] {
  if (probes.length === 0) return []
  const bridge = [...rows.Bridge.values()].find(({ name }) => name === PROBE_BRIDGE)
  if (bridge && !isProbeBridge(bridge)) {
    const message = `bridge ${PROBE_BRIDGE} is not Plugboard's, which needs the name to watch tunnels: rename it`
    return [{ code: 'name-taken', message, severity: 'warning' }]
  }
  const errors = new Map(
    [...rows.Interface.values()].map(({ external_ids, error }) => [external_ids.get(PROBE_KEY), error] as const),
  )
  return probes.flatMap((probe) => {
    const [rival, error] = [rivalOf(rows, probe), errors.get(probeName(probe))]
    const tunnel = `the ${typeOf(probe)} tunnel to hypervisor ${probe.peer} is not watched`
    const why = rival
      ? `interface ${rival.name} has the same remote_ip and no key: give it one (options:key)`
      : error && `Open vSwitch cannot make a port for that: ${error}`
    return why ? [{ code: 'tunnel-unwatched', message: `${tunnel}, since ${why}`, severity: 'warning' }] : []
  })
}
