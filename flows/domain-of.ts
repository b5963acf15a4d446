import type { GraphReader } from '../topology/graph-reader.ts'
import type { Port } from '../topology/model.ts'
import type { Domain } from './engines/engine-rules.ts'

/** The network of a port, or the port itself if it is standalone. */
export const domainOf = (graph: GraphReader, port: Port): Domain | undefined =>
  port.networkId === null ? port : graph.networks.get(port.networkId)
