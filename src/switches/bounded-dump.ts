/** Reads the flows of a switch, up to bounds. A switch without an end to its answer would fill the memory. */
import { type Flow, OpenFlowError, type Session } from '../openflow/index.ts'

/**
 * Rules beyond those that are wanted: those of other programs, and those that were wanted when the switch was last connected. A
 * whole switch of 100,000 rules may have to be emptied. They take some 300 MB.
 */
const MAX_EXTRA_RULES = 200_000
/** Open vSwitch reports 100,000 rules within seconds. */
const MAX_DUMP_MS = 120_000

/**
 * Yields the flows in several parts. If the answer exceeds a bound, the session is closed with the reason.
 * @param wanted the number of rules that the switch should have
 * @throws OpenFlowError `closed` if a bound is exceeded; the errors of `Session.dumpFlows`
 */
export async function* dumpOf(session: Session, wanted: number): AsyncGenerator<readonly Flow[], void, void> {
  const most = 2 * wanted + MAX_EXTRA_RULES
  const began = performance.now()
  let count = 0
  for await (const part of session.dumpFlows()) {
    // An answer may consist of empty parts.
    count += Math.max(part.length, 1)
    if (count > most) throw closed(session, `the switch reports more than ${most} rules: ${wanted} are wanted`)
    if (performance.now() - began > MAX_DUMP_MS) {
      throw closed(session, `the switch has not reported all its rules within ${MAX_DUMP_MS / 1000} s`)
    }
    yield part
  }
}

function closed(session: Session, reason: string): OpenFlowError {
  session.close(reason)
  return new OpenFlowError('closed', reason)
}
