/** The versions of OpenFlow and their names. */
/** The wire versions that this library speaks: OpenFlow 1.3, 1.4 and 1.5. */
export const VERSIONS: readonly number[] = [4, 5, 6]

/** Wire versions by name. */
export const [V1_0, V1_3, V1_4, V1_5] = [1, 4, 5, 6] as const
export const LATEST = V1_5

/** `OpenFlow 1.3` for wire version 4. */
export const versionName = (version: number): string =>
  version >= 1 && version <= LATEST ? `OpenFlow 1.${version - 1}` : `wire version ${version}`
