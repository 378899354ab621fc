// Generated from the sources by `npm run plugin:types`; a test fails when it is out of date.
import type { AccessScope } from '../base/access-scope.js';
/**
 * The kind of a hook is part of its type: a guard can't be emitted, an observer can't be asked. Runner, failure policy
 * and deadline follow from the kind.
 */
declare const kind: unique symbol;
interface Kind<K extends HookKind, In, Out> {
    readonly [kind]: K;
    readonly in: In;
    readonly out: Out;
}
export type HookKind = 'observe' | 'guard' | 'narrow' | 'transform' | 'provide' | 'collect';
/** After the fact, in parallel, by a bounded queue; a failure is logged and counted. */
export type Observe<In> = Kind<'observe', In, void>;
/** In order until the first denial; a failure denies. */
export type Guard<In> = Kind<'guard', In, Verdict>;
/** All, in parallel; the answers are intersected; a failure leaves nothing visible. */
export type Narrow<In> = Kind<'narrow', In, AccessScope>;
/** In order, each sees what the one before made; a failing handler is skipped. */
export type Transform<In> = Kind<'transform', In, In | undefined>;
/** In order; the first answer wins; a failing provider is passed over. */
export type Provide<In, Out> = Kind<'provide', In, Out | undefined>;
/** All, in parallel; the answers are united; a failure adds nothing. */
export type Collect<In, Out> = Kind<'collect', In, readonly Out[]>;
export type Verdict = {
    readonly allow: true;
} | {
    readonly allow: false;
    readonly reason: string;
    readonly status?: 401 | 403 | 429;
};
export declare const ALLOW: Verdict;
/** Milliseconds that a handler of a kind may take, unless it asked for less. */
export declare const DEADLINE_MS: Readonly<Record<HookKind, number>>;
export {};
