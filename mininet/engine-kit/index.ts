/**
 * `plugboard/engine-kit`: what the author of an engine tests it with. `laws` needs nothing; `conformance` makes a lab with real
 * Open vSwitch in network namespaces, needs root and Debian's packages openvswitch-switch and mininet, and leaves nothing.
 */
export { conformance, type Step, whyNotHere } from './conformance.ts'
export { type EngineUnderTest, PHYSICAL_NETWORKS, PLACES, type Place } from './description.ts'
export { laws } from './laws.ts'
