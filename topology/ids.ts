/** Branded identifiers: an id of one kind cannot be passed where another kind is expected. */
declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

export type ProjectId = Brand<string, 'project'>
export type NetworkId = Brand<string, 'network'>
export type PortId = Brand<string, 'port'>
export type VnicId = Brand<string, 'vnic'>
export type HypervisorId = Brand<string, 'hypervisor'>

/**
 * The number that stands for an object in registers and cookies. It has 32 bits. It is allocated once, stored with the object
 * and never used again, so a restart compiles the same rules.
 */
export type Key = Brand<number, 'key'>

/** Keys below this one do not belong to objects: they are the pipeline's own targets (see flows/pipeline/registers.ts). */
export const FIRST_KEY = 16 as Key

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const opaque = /^[A-Za-z0-9._-]{1,64}$/

/** Is this a lower-case UUID, the form of network, port and VNIC ids? */
export const isUuid = (text: string): boolean => uuid.test(text)

/** Is this an opaque name of 1–64 characters, the form of project, VM and hypervisor ids? */
export const isOpaque = (text: string): boolean => opaque.test(text)
