/** Reads a Containerfile that has one instruction on each line. */

export interface Instruction {
  readonly name: string
  readonly words: readonly string[]
  /** Of `FROM … AS alias`. */
  readonly alias: string | undefined
  /** Of `COPY --from=…`. */
  readonly from: string | undefined
}

const KNOWN = ['FROM', 'COPY', 'RUN', 'USER', 'VOLUME', 'EXPOSE', 'STOPSIGNAL', 'ENTRYPOINT']

/** @throws Error if an instruction is unknown */
export function instructionsOf(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [name = '', ...rest] = line.split(' ')
    if (!KNOWN.includes(name)) throw new Error(`unknown instruction: ${line}`)
    const [flags, words] = [
      rest.filter((word) => word.startsWith('--from=')),
      rest.filter((word) => !word.startsWith('--from=')),
    ]
    const alias = name === 'FROM' && words[1] === 'AS' ? words[2] : undefined
    return { name, words, alias, from: flags[0]?.slice('--from='.length) }
  })
}
