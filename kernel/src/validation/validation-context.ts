import type { PinnedTypes, StepCatalog } from '../catalog/step-catalog.js';
import type { CheckingCompiler } from '../expressions/expression-compiler.js';

export const refKinds = ['llm_ref', 'client_ref', 'store_ref', 'secret_ref', 'segment_ref', 'assignee_ref'] as const;
export type RefKind = (typeof refKinds)[number];

/** The configured names of one kind. */
export interface KnownNames {
  has(name: string): boolean;
  /** Used for suggestions. */
  names(): readonly string[];
  /** The environment variables that the resource needs and that are not set; not checked if absent. */
  unset?(name: string): readonly string[];
}

/** References of an absent kind are not checked. */
export type KnownRefs = Partial<Readonly<Record<RefKind, KnownNames>>>;

/** What a segment is validated against. */
export interface ValidationContext {
  readonly catalog: StepCatalog;
  readonly compiler: CheckingCompiler;
  readonly refs?: KnownRefs;
  /** The versions of the segment as it is stored; none if absent. */
  readonly pinned?: PinnedTypes;
  /** Ids of the task types that live workers serve; not checked if absent. */
  readonly liveTypes?: ReadonlySet<string>;
}
