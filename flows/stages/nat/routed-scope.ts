import type { ConnectedScope, MemberScope } from '../../pipeline/scope.ts'
import type { Routed, Translation } from './routed-fabric.ts'

/** A routed domain on a hypervisor. */
export type RoutedScope = ConnectedScope & { readonly fabric: Routed }

/** A member of a routed domain, with its addresses. */
export type TranslatedScope = MemberScope & RoutedScope & { readonly translation: Translation }
