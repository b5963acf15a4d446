/** Fields one after another, without the head of a match. */
import { checkList } from './errors.ts'
import type { Match, OxmField } from './fields.ts'
import type { Part } from './layout.ts'
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
