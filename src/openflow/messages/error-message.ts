/** ERROR (OpenFlow 1.5.1, 7.5.4), which has the same layout in all versions. */

import { EXPERIMENTER } from '../wire/experimenters.ts'
import type { Part } from '../wire/layout.ts'
import type { ErrorValue } from '../wire/openflow-error.ts'

/** ERROR (7.5.4). `data` has at least the first 64 octets of the refused message; for HELLO_FAILED it is text. */
export interface ErrorBody extends ErrorValue {
  readonly data: Uint8Array
}

export const error: Part<ErrorBody> = {
  write(w, { errorType, code, experimenter, data }) {
    w.u16(errorType, 'errorType').u16(code, 'code')
    if (errorType === EXPERIMENTER && (experimenter !== undefined || data.length >= 4)) {
      w.u32(experimenter ?? 0, 'experimenter')
    }
    w.bytes(data, 'data')
  },
  read(r) {
    const value = { errorType: r.u16(), code: r.u16() }
    if (value.errorType !== EXPERIMENTER || r.left < 4) return { ...value, data: r.rest() }
    return { ...value, experimenter: r.u32(), data: r.rest() }
  },
}
