/** The part of the Open_vSwitch database (ovs-vswitchd.conf.db(5)) that a controller reads and writes. */
import { mapOf, optional, type Row, type Schema, scalar, setOf } from './schema.ts'

const strings = mapOf('string', 'string')

export const openVSwitch = {
  name: 'Open_vSwitch',
  tables: {
    Open_vSwitch: {
      bridges: setOf('uuid'),
      manager_options: setOf('uuid'),
      external_ids: strings,
      other_config: strings,
      ovs_version: optional('string'),
      db_version: optional('string'),
      cur_cfg: scalar('integer'),
      next_cfg: scalar('integer'),
      system_type: optional('string'),
      iface_types: setOf('string'),
      datapath_types: setOf('string'),
    },
    Bridge: {
      name: scalar('string'),
      ports: setOf('uuid'),
      controller: setOf('uuid'),
      datapath_id: optional('string'),
      datapath_type: scalar('string'),
      fail_mode: optional('string'),
      protocols: setOf('string'),
      other_config: strings,
      external_ids: strings,
    },
    Port: {
      name: scalar('string'),
      interfaces: setOf('uuid'),
      tag: optional('integer'),
      external_ids: strings,
      other_config: strings,
    },
    Interface: {
      name: scalar('string'),
      type: scalar('string'),
      options: strings,
      ofport: optional('integer'),
      ofport_request: optional('integer'),
      external_ids: strings,
      other_config: strings,
      mac: optional('string'),
      mac_in_use: optional('string'),
      mtu: optional('integer'),
      mtu_request: optional('integer'),
      error: optional('string'),
      admin_state: optional('string'),
      link_state: optional('string'),
    },
    Controller: {
      target: scalar('string'),
      connection_mode: optional('string'),
      max_backoff: optional('integer'),
      inactivity_probe: optional('integer'),
      is_connected: scalar('boolean'),
      external_ids: strings,
    },
    Manager: {
      target: scalar('string'),
      connection_mode: optional('string'),
      max_backoff: optional('integer'),
      inactivity_probe: optional('integer'),
      is_connected: scalar('boolean'),
    },
  },
} as const satisfies Schema

export type OpenVSwitch = typeof openVSwitch
type Tables = OpenVSwitch['tables']
export type OpenVSwitchRow = Row<Tables['Open_vSwitch']>
export type BridgeRow = Row<Tables['Bridge']>
export type PortRow = Row<Tables['Port']>
export type InterfaceRow = Row<Tables['Interface']>
export type ControllerRow = Row<Tables['Controller']>
export type ManagerRow = Row<Tables['Manager']>
