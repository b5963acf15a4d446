/** How bad a condition of a hypervisor is. */

/**
 * `warning`: traffic passes, but something needs a look. `error`: VNICs here cannot work, or cannot reach all members of their
 * networks. `critical`: the isolation of networks, or all tunnels of the hypervisor, are at stake.
 */
export const SEVERITY = ['warning', 'error', 'critical'] as const
export type Severity = (typeof SEVERITY)[number]

/** The severity of conditions that do not bring one, by code. Other codes are warnings. */
const BY_CODE: ReadonlyMap<string, Severity> = new Map([
  ['bad-bridge-mapping', 'error'],
  ['bad-encap-ip', 'error'],
  ['duplicate-datapath-id', 'error'],
  ['engine-mistake', 'error'],
  ['foreign-store', 'error'],
  ['name-taken', 'error'],
  ['vlan-limit', 'error'],
])

interface Judged {
  readonly code: string
  readonly severity?: Severity
}

export const severityOf = ({ code, severity }: Judged): Severity => severity ?? BY_CODE.get(code) ?? 'warning'
