/** Errors as ERROR messages carry them, with their names and their forms in each version (OpenFlow 1.5.1, 7.5.4). */
import { ERROR_TYPES, type ErrorTypeName, OVS_ERRORS } from './error-codes.ts'
import { EXPERIMENTER, NICIRA, ONF } from './experimenters.ts'
import { type ErrorValue, OpenFlowError } from './openflow-error.ts'
import { V1_4 } from './versions.ts'

const [BAD_PROPERTY, BUNDLE_FAILED, BUNDLE_FAILED_OF_ONF] = [14, 17, 2300]

/**
 * Converts a bundle error of OpenFlow 1.3, which is an experimenter error of ONF (EXT-230), to the standard error of
 * 1.4 and later. Other errors are returned as they are.
 */
export function standardError<Value extends ErrorValue>(value: Value): Value {
  const { errorType, experimenter } = value
  const code = value.code - BUNDLE_FAILED_OF_ONF
  if (errorType !== EXPERIMENTER || experimenter !== ONF || code < 0) return value
  const { experimenter: _, ...rest } = value
  return { ...rest, errorType: BUNDLE_FAILED, code } as Value
}

/** The error type of OpenFlow 1.0 for errors of vendors. Vendor, type and code are at the beginning of the data (nicira-ext.h). */
const NICIRA_VENDOR_ERROR = 0xb0c2
const VENDOR_ERROR_OCTETS = 8
/** Errors about flow monitors in Nicira's form for OpenFlow 1.0, by code, and what they are in 1.4 and later (ofp-errors.h). */
const MONITOR_ERRORS = new Map([
  [517, 'MONITOR_EXISTS'],
  [518, 'BAD_FLAGS'],
  [519, 'UNKNOWN_MONITOR'],
])

/**
 * Converts an error about a flow monitor in Nicira's form for OpenFlow 1.0 to the standard error. Open vSwitch uses this
 * form in later versions, too: see `Requests`. Other errors are returned as they are.
 */
export function standardMonitorError<Value extends ErrorValue & { readonly data: Uint8Array }>(value: Value): Value {
  const { errorType, data } = value
  if (errorType !== NICIRA_VENDOR_ERROR || data.length < VENDOR_ERROR_OCTETS) return value
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const name = view.getUint32(0) === NICIRA && view.getUint16(4) === 1 && MONITOR_ERRORS.get(view.getUint16(6))
  if (!name) return value
  return { ...value, ...errorNamed('FLOW_MONITOR_FAILED', name), data: data.subarray(VENDOR_ERROR_OCTETS) }
}

/**
 * Errors that came with OpenFlow 1.4, and what Open vSwitch sends in 1.3 instead (ofp-errors.h). The key is
 * `type/code`, or the type alone.
 */
const IN_1_3: Readonly<Record<string, (code: number) => ErrorValue>> = {
  '3/9': () => ({ errorType: EXPERIMENTER, experimenter: ONF, code: 2600 }),
  // In 1.3, BAD_TYPE, BAD_LEN and BAD_VALUE are codes of TABLE_FEATURES_FAILED.
  [BAD_PROPERTY]: (code) =>
    code <= 2 ? { errorType: 13, code: code + 2 } : { errorType: EXPERIMENTER, experimenter: ONF, code: 4440 + code },
  '16/5': () => ({ errorType: EXPERIMENTER, experimenter: NICIRA, code: 7 }),
  [BUNDLE_FAILED]: (code) => ({ errorType: EXPERIMENTER, experimenter: ONF, code: BUNDLE_FAILED_OF_ONF + code }),
}

/** The form in which this version sends an error of OpenFlow 1.4 or later. */
export function errorIn(version: number, value: ErrorValue): ErrorValue {
  if (version >= V1_4) return value
  const { errorType, code } = value
  return (IN_1_3[`${errorType}/${code}`] ?? IN_1_3[errorType])?.(code) ?? value
}

/** The name of an error: `BAD_MATCH/BAD_PREREQ (4/9)`. */
export function errorName(value: ErrorValue): string {
  const { errorType, code, experimenter } = standardError(value)
  if (errorType === EXPERIMENTER) {
    const name = OVS_ERRORS.get(`${experimenter}/${code}`) ?? `code ${code}`
    return `EXPERIMENTER/${name} (0x${(experimenter ?? 0).toString(16)}/${code})`
  }
  const [name, codes] = ERROR_TYPES[errorType] ?? [`type ${errorType}`, []]
  return `${name}/${codes[code] ?? `code ${code}`} (${errorType}/${code})`
}

/**
 * The numbers of a named error: `errorNamed('BAD_MATCH', 'BAD_PREREQ')`.
 * @throws OpenFlowError `out-of-range` if OpenFlow has no such error
 */
export function errorNamed(type: ErrorTypeName, code: string): ErrorValue {
  const errorType = ERROR_TYPES.findIndex(([name]) => name === type)
  const codes: readonly string[] = ERROR_TYPES[errorType]?.[1] ?? []
  const number = codes.indexOf(code)
  if (number < 0) throw new OpenFlowError('out-of-range', `OpenFlow has no error ${type}/${code}`)
  return { errorType, code: number }
}

export const HELLO_INCOMPATIBLE = errorNamed('HELLO_FAILED', 'INCOMPATIBLE')
export const BAD_VERSION = errorNamed('BAD_REQUEST', 'BAD_VERSION')
export const BAD_TYPE = errorNamed('BAD_REQUEST', 'BAD_TYPE')
export const BAD_LEN = errorNamed('BAD_REQUEST', 'BAD_LEN')
export const BAD_ACTION_LEN = errorNamed('BAD_ACTION', 'BAD_LEN')
export const BAD_INSTRUCTION_LEN = errorNamed('BAD_INSTRUCTION', 'BAD_LEN')
export const BAD_MATCH_TYPE = errorNamed('BAD_MATCH', 'BAD_TYPE')
export const BAD_MATCH_LEN = errorNamed('BAD_MATCH', 'BAD_LEN')
export const BAD_PROPERTY_LEN = errorNamed('BAD_PROPERTY', 'BAD_LEN')
export const BAD_COMMAND = errorNamed('FLOW_MOD_FAILED', 'BAD_COMMAND')
