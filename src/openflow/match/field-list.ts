/** Match fields one after another, without the header of a match. */

import type { Part } from '../wire/layout.ts'
import { checkList } from '../wire/openflow-error.ts'
import type { Match, OxmField } from './match-fields.ts'
import { readField, writeField } from './oxm.ts'

export const fieldList: Part<Match> = {
  write(w, match, name) {
    checkList(name, match)
    for (const field of match) writeField(w, field)
  },
  read(r) {
    const match: OxmField[] = []
    while (r.left > 0) match.push(readField(r))
    return match
  },
}
