/** Declarations as they are written, without the parts that only matter inside the library. */
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast'

export const childrenOf = (node: Node): readonly Node[] => {
  const children: Node[] = []
  node.forEachChild((child) => void children.push(child))
  return children
}

export const isGeneric = (node: Node): boolean => childrenOf(node).some(({ kind }) => kind === SyntaxKind.TypeParameter)
export const isBody = ({ kind }: Node): boolean => kind === SyntaxKind.Block
export const isPrivate = (node: Node): boolean =>
  childrenOf(node).some(({ kind }) => kind === SyntaxKind.PrivateIdentifier)

export const isTypeDeclaration = ({ kind }: Node): boolean =>
  kind === SyntaxKind.TypeAliasDeclaration || kind === SyntaxKind.InterfaceDeclaration
/** `typeof ROWS`, `Tables['Bridge']` */
export const hasLookUp = (node: Node): boolean =>
  node.kind === SyntaxKind.TypeQuery ||
  node.kind === SyntaxKind.IndexedAccessType ||
  childrenOf(node).some((child) => hasLookUp(child))

/** A name in a type: of a type, of a constant after `typeof`, or of what an interface extends. */
export function isNameOfType(node: Node): boolean {
  if (node.kind !== SyntaxKind.Identifier) return false
  const { kind } = node.parent
  return (
    kind === SyntaxKind.TypeReference ||
    kind === SyntaxKind.TypeQuery ||
    kind === SyntaxKind.ExpressionWithTypeArguments
  )
}

export const returnTypeOf = (node: Node): Node | undefined => (node as { readonly type?: Node }).type
const bodyOf = (node: Node): Node | undefined => (node as { readonly body?: Node }).body

/** A function without its body. */
export function headOf(node: Node, file: SourceFile): string {
  const end = bodyOf(node)?.pos ?? node.end
  return file.text
    .slice(node.getStart(file), end)
    .replace(/^export /, '')
    .replaceAll(/(^|\s)(async|override) (\*?)/g, '$1$3')
    .replace(/=>\s*$/, '')
    .trimEnd()
}

/** The methods of the object that a function returns, if the function contains the object as a literal. */
export function methodsOf(node: Node): readonly Node[] {
  const last = childrenOf(bodyOf(node) ?? node).at(-1)
  const returned = last?.kind === SyntaxKind.ReturnStatement ? childrenOf(last)[0] : undefined
  if (returned?.kind !== SyntaxKind.ObjectLiteralExpression) return []
  return childrenOf(returned).filter(({ kind }) => kind === SyntaxKind.MethodDeclaration)
}

/** Is this member of a class visible to its users? */
export const membersOf = (node: Node, file: SourceFile): readonly Node[] =>
  (node as unknown as { readonly members: readonly Node[] }).members.filter(
    (one) =>
      !isPrivate(one) && !headOf(one, file).startsWith('protected ') && !commentOf(one, file).includes('@internal'),
  )

/** A class as its users see it. */
export function classText(node: Node, file: SourceFile): string {
  const { members } = node as unknown as { readonly members: readonly Node[] }
  const start = file.text.slice(node.getStart(file), members[0]?.pos ?? node.end)
  const seen = membersOf(node, file).map((member) => memberText(member, file))
  return `${start.replace(/^export /, '').trimEnd()}\n${seen.join('\n')}\n}`
}

/** The docstring of a member; empty if there is none. */
export const commentOf = (member: Node, file: SourceFile): string =>
  (member.jsDoc ?? []).map((one) => file.text.slice(one.pos, one.end).trim()).at(-1) ?? ''

/** A member with its docstring. */
export function memberText(member: Node, file: SourceFile): string {
  const comment = commentOf(member, file)
  const column = file.getLineAndCharacterOfPosition(member.getStart(file)).character
  return [...(comment ? [comment] : []), headOf(member, file)]
    .map((text) => `  ${text.replaceAll(`\n${' '.repeat(column - 2)}`, '\n')}`)
    .join('\n')
}
