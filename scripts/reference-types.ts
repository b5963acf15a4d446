/**
 * Shows a declaration in the reference. If the page explains every name in it, the declaration is shown as it is written. If
 * its types are inferred from rows, the resulting types are shown, because `PropertyOf<typeof PROPERTIES>` says nothing to a
 * reader who does not see the rows.
 */
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast'
import type { Checker, Project, Symbol as TsSymbol, Type, TypeReference } from 'typescript/unstable/sync'
import { SymbolFlags, TypeFlags } from 'typescript/unstable/sync'
import {
  childrenOf,
  classText,
  commentOf,
  hasLookUp,
  headOf,
  isBody,
  isGeneric,
  isNameOfType,
  isPrivate,
  isTypeDeclaration,
  membersOf,
  memberText,
  methodsOf,
  returnTypeOf,
} from './reference-syntax.ts'

/** The most characters of a type on one line. */
const WIDTH = 100
/** A constant or a computed type with more lines than this is shown as it is written instead. */
const LONG = 120

export class Renderer {
  readonly #project: Project
  readonly #checker: Checker
  /** Symbols with an entry of their own, and symbols that are explained below the current entry. */
  readonly #explained: ReadonlySet<number>
  /** The exported name of a type, by the number of the type. */
  readonly #names: ReadonlyMap<number, string>
  readonly #root: string

  /** @param exported the symbols with an entry @param root the directory of this project's own files */
  constructor(project: Project, exported: readonly TsSymbol[], root: string) {
    this.#project = project
    this.#checker = project.checker
    this.#explained = new Set(exported.map(({ id }) => id))
    this.#root = root
    const aliases = exported.filter((symbol) => symbol.flags & SymbolFlags.TypeAlias && !this.#isGeneric(symbol))
    const types = aliases.map((symbol) => [this.#checker.getDeclaredTypeOfSymbol(symbol), symbol.name] as const)
    const shapes = types.filter(([type]) => type.isUnionType() || type.isObjectType() || type.isIntersectionType())
    this.#names = new Map(shapes.map(([type, name]) => [type.id, name]))
  }

  /** TypeScript that declares the symbol. Below it are declarations of the names in it that have no entry of their own. */
  declaration(symbol: TsSymbol): string {
    const told = new Set([symbol.id])
    const parts: string[] = []
    const waiting = [symbol]
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { text, names } = this.#one(next)
      parts.push(text)
      for (const name of names) {
        if (told.has(name.id)) continue
        told.add(name.id)
        waiting.push(name)
      }
    }
    return parts.join('\n\n')
  }

  /** The members of a union as TypeScript, by the value that distinguishes them, without the properties to omit. */
  members(symbol: TsSymbol, by: string, omit: readonly string[]): ReadonlyArray<readonly [name: string, text: string]> {
    const union = this.#checker.getDeclaredTypeOfSymbol(symbol)
    return (union.isUnionType() ? union.getTypes() : []).map((type) => {
      const property = this.#checker.getPropertiesOfType(type).find(({ name }) => name === by)
      const kind = property && this.#checker.getTypeOfSymbol(property)
      return [kind?.isStringLiteralType() ? kind.value : '', this.#object(type, '', omit)] as const
    })
  }

  /** The members of a class without a docstring, and the methods of a returned object without one. */
  bareMembers(symbol: TsSymbol): readonly string[] {
    const node = this.#nodeOf(symbol)
    if (!node) return []
    const file = node.getSourceFile()
    const value = childrenOf(node).at(-1)
    const members = node.kind === SyntaxKind.ClassDeclaration ? membersOf(node, file) : value ? methodsOf(value) : []
    return members.filter((one) => commentOf(one, file) === '').map((one) => `${symbol.name}: ${headOf(one, file)}`)
  }

  #one(symbol: TsSymbol): { readonly text: string; readonly names: readonly TsSymbol[] } {
    const node = this.#nodeOf(symbol)
    if (!node) return { text: symbol.name, names: [] }
    const written = this.#written(symbol, node)
    const names = this.#namesIn(node)
    const asWritten = { text: written, names: names.filter(isPlainType) }
    const isInferred = hasLookUp(node) || names.some((name) => !isPlainType(name) || this.#needsRows(name))
    if (!isInferred || isGeneric(node) || !isTypeDeclaration(node)) return asWritten
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol)
    const text = `type ${symbol.name} = ${this.#type(type, '', true)}`.replaceAll(/ +\n/g, '\n')
    return text.split('\n').length > LONG ? asWritten : { text, names: [] }
  }

  /** The text of the declaration itself, without its private parts. */
  #written(symbol: TsSymbol, node: Node): string {
    const file = node.getSourceFile()
    if (node.kind === SyntaxKind.ClassDeclaration) return classText(node, file)
    if (node.kind === SyntaxKind.FunctionDeclaration) return headOf(node, file)
    if (node.kind === SyntaxKind.VariableDeclaration) return this.#constant(symbol, node, file)
    return node.getText(file).replace(/^export /, '')
  }

  #constant(symbol: TsSymbol, node: Node, file: SourceFile): string {
    const value = childrenOf(node).at(-1)
    if (value?.kind === SyntaxKind.ArrowFunction) {
      const signature = headOf(value, file)
      if (returnTypeOf(value)) return `function ${symbol.name}${signature}`
      return `function ${symbol.name}${signature}: {\n${methodsOf(value)
        .map((one) => memberText(one, file))
        .join('\n')}\n}`
    }
    const text = `const ${node.getText(file)}`
    return text.split('\n').length > LONG ? `const ${symbol.name}: { … }` : text
  }

  /** The names in it that belong to this project and have no entry of their own. */
  #namesIn(node: Node): readonly TsSymbol[] {
    const found = new Map<number, TsSymbol>()
    const parameters = new Set<string>()
    const visit = (at: Node): void => {
      if (isPrivate(at)) return
      if (isBody(at)) {
        for (const method of methodsOf(at.parent)) visit(method)
        return
      }
      if (at.kind === SyntaxKind.TypeParameter) parameters.add(childrenOf(at)[0]?.getText() ?? '')
      if (isNameOfType(at)) {
        const symbol = this.#resolve(at)
        if (symbol && this.#isOurs(symbol) && !this.#explained.has(symbol.id)) found.set(symbol.id, symbol)
      }
      at.forEachChild(visit)
    }
    node.forEachChild(visit)
    return [...found.values()].filter(({ name }) => !parameters.has(name))
  }

  #resolve(name: Node): TsSymbol | undefined {
    const symbol = this.#checker.getSymbolAtLocation(name)
    return symbol && symbol.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
  }

  #isOurs(symbol: TsSymbol): boolean {
    const path = symbol.declarations[0]?.path ?? ''
    return path.startsWith(this.#root) && !path.includes('node_modules') && !(symbol.flags & SymbolFlags.TypeParameter)
  }

  /** Does its type only become clear when it is given its arguments or rows? */
  #needsRows(symbol: TsSymbol): boolean {
    const node = this.#nodeOf(symbol)
    return node !== undefined && (isGeneric(node) || hasLookUp(node))
  }

  #isGeneric(symbol: TsSymbol): boolean {
    const node = this.#nodeOf(symbol)
    return node !== undefined && isGeneric(node)
  }

  #nodeOf(symbol: TsSymbol): Node | undefined {
    return symbol.declarations[0]?.resolve(this.#project)
  }

  /** The text of a type, in terms of types with an entry. */
  #type(type: Type, indent: string, whole = false): string {
    if (!whole) {
      const name = this.#nameOf(type, indent)
      if (name !== undefined) return name
    }
    if (type.isUnionType()) return this.#union(type.getTypes(), indent)
    if (type.isTypeReference() && this.#checker.isArrayLikeType(type)) return this.#array(type, indent)
    if (type.isObjectType() || type.isIntersectionType()) {
      if (this.#checker.getSignaturesOfType(type, 0).length > 0) return this.#checker.typeToString(type, undefined, 1)
      const library = type.getSymbol()
      if (type.isObjectType() && library && !this.#isOurs(library)) return this.#generic(library.name, type, indent)
      return this.#object(type, indent)
    }
    return quoted(this.#checker.typeToString(type, undefined, 1))
  }

  #nameOf(type: Type, indent: string): string | undefined {
    const known = this.#names.get(type.id)
    if (known !== undefined) return known
    const alias = type.getAliasSymbol()
    if (alias && this.#explained.has(alias.id)) return this.#called(alias.name, type.getAliasTypeArguments(), indent)
    const symbol = type.getSymbol()
    return symbol && this.#explained.has(symbol.id) && !type.isIntersectionType() ? symbol.name : undefined
  }

  #called(name: string, types: readonly Type[], indent: string): string {
    return types.length === 0 ? name : `${name}<${types.map((type) => this.#type(type, indent)).join(', ')}>`
  }

  #generic(name: string, type: Type, indent: string): string {
    if (name === 'Uint8Array') return name
    return this.#called(name, type.isTypeReference() ? this.#checker.getTypeArguments(type) : [], indent)
  }

  #array(type: TypeReference, indent: string): string {
    const [element, ...others] = this.#checker.getTypeArguments(type)
    if (type.getTarget().isTupleType()) {
      const elements = [element, ...others].flatMap((one) => (one ? [this.#type(one, indent)] : []))
      return `readonly [${elements.join(', ')}]`
    }
    const text = element ? this.#type(element, indent) : 'unknown'
    const brief = /^\w+$/.test(text)
    const writable = type.getSymbol()?.name === 'Array'
    if (writable) return brief ? `${text}[]` : `Array<${text}>`
    return brief ? `readonly ${text}[]` : `ReadonlyArray<${text}>`
  }

  #union(types: readonly Type[], indent: string): string {
    const texts = new Set(types.map((type) => this.#type(type, `${indent}    `)))
    if (texts.delete('false') && texts.delete('true')) texts.add('boolean')
    // Unknown members come last.
    const isUnknown = (text: string) => Number(text.startsWith('Unknown'))
    const all = [...texts].sort((a, b) => isUnknown(a) - isUnknown(b))
    const line = all.join(' | ')
    if (line.length + indent.length <= WIDTH && !line.includes('\n')) return line
    if (all.every((text) => text.startsWith("'"))) return `\n${filled(all.sort(byNumber.compare), `${indent}  `)}`
    return all.map((text) => `\n${indent}  | ${text}`).join('')
  }

  #object(type: Type, indent: string, omit: readonly string[] = []): string {
    const within = `${indent}  `
    const properties = this.#checker.getPropertiesOfType(type).filter(({ name }) => !omit.includes(name))
    const rows = properties.map((property) => {
      const of = this.#checker.getTypeOfSymbol(property)
      const optional = (property.flags & SymbolFlags.Optional) !== 0
      const value = of ? this.#type(optional ? this.#present(of) : of, within) : 'unknown'
      const comment = property.getDocumentationComment(this.#checker).replaceAll(/\s+/g, ' ').trim()
      return { comment, text: `${property.name}${optional ? '?' : ''}: ${value}` }
    })
    if (rows.length === 0) return '{}'
    const line = `{ ${rows.map(({ text }) => text).join('; ')} }`
    const plain = rows.every(({ comment, text }) => comment === '' && !text.includes('\n'))
    if (plain && line.length + indent.length <= WIDTH) return line
    const lines = rows.flatMap(({ comment, text }) => [
      ...(comment ? [`${within}/** ${comment} */`] : []),
      within + text,
    ])
    return `{\n${lines.join('\n')}\n${indent}}`
  }

  /** The type without the `undefined` of an optional property. */
  #present(type: Type): Type {
    if (type.flags & TypeFlags.Undefined || !type.isUnionType()) return type
    return this.#checker.getNonNullableType(type) ?? type
  }
}

/** Sorts `reg9` before `reg10`. */
const byNumber = new Intl.Collator('en', { numeric: true })

const PLAIN = SymbolFlags.TypeAlias | SymbolFlags.Interface
const isPlainType = ({ flags }: TsSymbol): boolean => (flags & PLAIN) !== 0

/** Writes text in single quotes, like the sources. */
const quoted = (text: string): string => text.replace(/^"(.*)"$/, "'$1'")

/** Writes the members of a union of words in as few lines as possible. */
function filled(words: readonly string[], indent: string): string {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length + 3 <= WIDTH) lines[lines.length - 1] = `${last} | ${word}`
    else lines.push(`${indent}| ${word}`)
  }
  return lines.join('\n')
}
