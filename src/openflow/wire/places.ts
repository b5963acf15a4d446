/** The place of a message type: its number in each version of OpenFlow. */
import { LATEST, V1_3 } from './versions.ts'

/** A number of the standard, or a number of an experimenter. */
export interface Place {
  readonly code: number
  readonly experimenter?: number
}

/** Places, indexed by wire version. A message may have different places in different versions, and none in some. */
export type Places = ReadonlyArray<Place | undefined>

const spread = (place: Place, first: number, last: number): Places =>
  Array.from({ length: last + 1 }, (_, version) => (version >= first ? place : undefined))

/** A number of the standard, in the versions from `first` to `last`. */
export const standard = (code: number, first: number = V1_3, last: number = LATEST): Places =>
  spread({ code }, first, last)

/** A number of an experimenter, in the versions from `first` to `last`. */
export const experimental = (experimenter: number, code: number, first: number = V1_3, last: number = LATEST): Places =>
  spread({ code, experimenter }, first, last)

/** The place in `first` where there is one, otherwise the place in `second`. */
export const either = (first: Places, second: Places): Places =>
  Array.from({ length: Math.max(first.length, second.length) }, (_, version) => first[version] ?? second[version])

/**
 * Indexes names by their places.
 * @returns a function from wire version and place to the name
 */
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
