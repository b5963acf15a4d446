/**
 * `plugboard/engine-kit`: tests for authors of engines. `laws` runs everywhere. `conformance` makes a lab with real Open vSwitch in
 * network namespaces. It needs root and Debian's packages openvswitch-switch and mininet, and removes everything at the end.
 */
export { conformance, type Step, whyNotHere } from './conformance.ts'
export { type EngineUnderTest, PHYSICAL_NETWORKS, PLACES, type Place } from './description.ts'
export { laws } from './laws.ts'
