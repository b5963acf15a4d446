/** Changes and reads the meters of a switch. Bundles cannot contain meters, so they are changed outside of bundles. */
import type { MeterChange, MeterLedger } from '../../flows/meter-diff.ts'
import { meterOf } from '../../flows/pipeline/vnic-meter.ts'
import type { Key } from '../../topology/ids.ts'
import {
  errorNamed,
  type Meter,
  type MeterCommand,
  type MeterMod,
  OpenFlowError,
  type Session,
} from '../openflow/index.ts'

/** For each command, the error if somebody else has added or deleted the meter, and the command to use then. */
const INSTEAD = {
  add: { error: errorNamed('METER_MOD_FAILED', 'METER_EXISTS'), command: 'modify' },
  modify: { error: errorNamed('METER_MOD_FAILED', 'UNKNOWN_METER'), command: 'add' },
} as const

/**
 * Adds and changes meters. The ledger records the meters that the switch accepted.
 * @returns the authors of refused meters, with the reason that the switch gave
 */
export async function putMeters(
  session: Session,
  ledger: MeterLedger,
  changes: readonly MeterChange[],
): Promise<Map<Key, string>> {
  const refused = new Map<Key, string>()
  let open = changes
  for (let round = 0; open.length > 0; round++) {
    const answers = new Map<number, OpenFlowError>()
    for (const { index, error } of await session.series(open.map(mod))) answers.set(index, error)
    const again: MeterChange[] = []
    for (const [index, change] of open.entries()) {
      const error = answers.get(index)
      const { error: expected, command } = INSTEAD[change.command]
      if (!error) ledger.took(change)
      else if (round === 0 && isSame(error, expected)) again.push({ ...change, command })
      else refused.set(change.author, `refused a meter: ${error.message}`)
    }
    open = again
  }
  return refused
}

/** Deletes meters. @returns the reasons of the switch for meters that it refused to delete */
export async function dropMeters(session: Session, ids: readonly number[]): Promise<string[]> {
  if (ids.length === 0) return []
  const refused = await session.series(ids.map((meter) => meterMod('delete', { meter, flags: 0, bands: [] })))
  return refused.map(({ error }) => error.message)
}

/** Has the switch any meters? Open vSwitch has none with older kernels. */
export async function supportsMeters(session: Session): Promise<boolean> {
  try {
    return (await session.request({ type: 'multipart_request', multipart: 'meter_features' })).features.maxMeter > 0
  } catch (error) {
    if (error instanceof OpenFlowError && error.code === 'refused') return false
    throw error
  }
}

/** Reads the meters of the switch; an empty list if it does not support meters. */
export async function readMeters(session: Session): Promise<readonly Meter[]> {
  try {
    return (await session.request({ type: 'multipart_request', multipart: 'meter_config' })).meters
  } catch (error) {
    if (error instanceof OpenFlowError && error.code === 'refused') return []
    throw error
  }
}

const mod = ({ command, spec }: MeterChange): MeterMod => meterMod(command, meterOf(spec))
const meterMod = (command: MeterCommand, meter: Meter): MeterMod => ({ type: 'meter_mod', command, ...meter })

const isSame = ({ error }: OpenFlowError, expected: { errorType: number; code: number }): boolean =>
  error !== undefined && error.errorType === expected.errorType && error.code === expected.code
