/** Versions of OpenFlow: which are spoken here, where a message stands in each, and what one says that lacks something. */
import { OpenFlowError } from './errors.ts'

/** Wire versions that are spoken here: OpenFlow 1.3, 1.4 and 1.5. */
export const VERSIONS: readonly number[] = [4, 5, 6]

/** Wire versions by their name. */
export const [V1_0, V1_3, V1_4, V1_5] = [1, 4, 5, 6] as const
export const LATEST = V1_5

/** `OpenFlow 1.3` for wire version 4. */
export const versionName = (version: number): string =>
  version >= 1 && version <= LATEST ? `OpenFlow 1.${version - 1}` : `wire version ${version}`

/** The refusal of what this version has not. */
export const lacking = (version: number, what: string): OpenFlowError =>
  new OpenFlowError('out-of-range', `${what}: ${versionName(version)} has none`)

/** The Open Networking Foundation as an experimenter: what 1.4 brought, for 1.3 (EXT-187, EXT-191, EXT-230). */
export const ONF = 0x4f4e4600

/** A number of the standard, or one of an experimenter's own. */
export interface Place {
  readonly code: number
  readonly experimenter?: number
}

/** By wire version: a thing may have different places in different versions, and none in some. */
export type Places = ReadonlyArray<Place | undefined>

const spread = (place: Place, first: number, last: number): Places =>
  Array.from({ length: last + 1 }, (_, version) => (version >= first ? place : undefined))

/** The standard's number, in these versions. */
export const standard = (code: number, first: number = V1_3, last: number = LATEST): Places =>
  spread({ code }, first, last)

/** An experimenter's number, in these versions. */
export const experimental = (experimenter: number, code: number, first: number = V1_3, last: number = LATEST): Places =>
  spread({ code, experimenter }, first, last)

/** The first where it has a place, the second elsewhere. */
export const either = (first: Places, second: Places): Places =>
  Array.from({ length: Math.max(first.length, second.length) }, (_, version) => first[version] ?? second[version])

/** Names by place. @returns a function from wire version and place to the name */
export function namesByPlace<Name extends string>(
  rows: Readonly<Record<Name, { readonly at: Places }>>,
): (version: number, code: number, experimenter?: number) => Name | undefined {
  const standards: Array<Array<Name | undefined>> = []
  const others = new Map<string, Name>()
  for (const [name, { at }] of Object.entries(rows) as Array<[Name, { readonly at: Places }]>) {
    for (const [version, place] of at.entries()) {
      if (place?.experimenter !== undefined) others.set(`${version}/${place.experimenter}/${place.code}`, name)
      else if (place) {
        standards[version] ??= []
        standards[version][place.code] = name
      }
    }
  }
  return (version, code, experimenter) =>
    experimenter === undefined ? standards[version]?.[code] : others.get(`${version}/${experimenter}/${code}`)
}
