/**
 * Flow monitors of OpenFlow 1.0: NXST_FLOW_MONITOR of Nicira (nicira-ext.h). Nothing else of version 1.0 is supported.
 */
import { readActions, writeActions } from '../actions/actions.ts'
import type { Instruction } from '../actions/instructions.ts'
import { readNxMatch, writeNxMatch } from '../match/nx-match.ts'
import type { Part } from '../wire/layout.ts'
import { lacking } from '../wire/openflow-error.ts'
import { narrow, widen } from '../wire/port-numbers.ts'
import { ALL_TABLES, NONE } from './flow-messages.ts'
import type { FullUpdate, MonitorRequest } from './flow-monitor.ts'
import { wideRemovedReason } from './packet-messages.ts'

/** nx_flow_monitor_request: id 32 bits, flags 16, port 16, length of the match 16, table 8, padding 40, match. */
export const nxRequest: Part<MonitorRequest> = {
  write(w, request) {
    w.u32(request.monitor, 'monitor')
      .u16(request.flags, 'flags')
      .u16(narrow(request.outPort ?? NONE), 'outPort')
      .u16(0)
      .u8(request.table ?? ALL_TABLES, 'table')
      .zeros(5)
    writeNxMatch(w, request.match ?? [], w.length - 8)
  },
  read(r) {
    const [monitor, flags, outPort, length, table] = [r.u32(), r.u16(), widen(r.u16()), r.u16(), r.u8()]
    const match = readNxMatch(r.skip(5), length)
    return { monitor, outPort, outGroup: NONE, flags, table, command: 'add', match }
  },
}

/** nx_flow_update_full: reason 16 bits, priority, timeouts, length of the match, table, cookie; the match; actions. */
export const toldByNicira: Part<Omit<FullUpdate, 'event'>> = {
  write(w, update) {
    wideRemovedReason.write(w, update.reason, 'reason')
    w.u16(update.priority, 'priority')
      .u16(update.idleTimeout, 'idleTimeout')
      .u16(update.hardTimeout, 'hardTimeout')
      .u16(0)
      .u8(update.table, 'table')
      .u8(0)
      .u64(update.cookie, 'cookie')
    writeNxMatch(w, update.match, w.length - 12)
    for (const instruction of update.instructions) {
      if (instruction.type !== 'apply_actions') throw lacking(w.version, `instruction ${instruction.type}`)
      writeActions(w, instruction.actions)
    }
  },
  read(r) {
    const reason = wideRemovedReason.read(r)
    const [priority, idleTimeout, hardTimeout, length] = [r.u16(), r.u16(), r.u16(), r.u16()]
    const [table, cookie] = [r.u8(), r.skip(1).u64()]
    const match = readNxMatch(r, length)
    const actions = readActions(r)
    const instructions: Instruction[] = actions.length === 0 ? [] : [{ type: 'apply_actions', actions }]
    return { table, reason, idleTimeout, hardTimeout, priority, cookie, match, instructions }
  },
}
