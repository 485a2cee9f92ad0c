/**
 * Purpose: loads a segment file and the segments it references by `segment_ref`, validates them and creates definitions.
 * Owns: finding each segment once (references may be circular), and attributing problems to files.
 */
import { dirname } from 'node:path';
import type { Definition, Json, Segment } from '@llmteam/contracts';
import {
  createExpressionCompiler,
  defineSegment,
  type StepCatalog,
  type ValidationContext,
  validateTextInSlices,
} from '@llmteam/kernel';
import type { Config } from '@llmteam/service-host';
import { readText, shownName } from './files.js';
import { fileOfSegment, idOf, knownRefs, segmentRefs } from './known-refs.js';
import { notationOf } from './notations.js';
import { defaultTenant } from './own-commands.js';
import { type FileProblem, mismatch, unreadable } from './problem-lines.js';

export interface LoadedSegment {
  /** The path given by the user, or a path next to it. */
  readonly file: string;
  /** null if it has errors. */
  readonly segment: Segment | null;
  readonly problems: readonly FileProblem[];
}

type Compiler = ReturnType<typeof createExpressionCompiler>;

/** Reads segments of one folder. */
export class SegmentFiles {
  private readonly compiler: Compiler = createExpressionCompiler();

  constructor(
    private readonly config: Config,
    private readonly catalog: StepCatalog,
    /** Whether references must resolve, which drawing a segment does not need, and for which tenant. */
    private readonly options: { readonly checkRefs?: boolean; readonly tenant?: string } = {},
  ) {}

  /** @throws LlmteamError `FILE_UNREADABLE`, `LIMIT_EXCEEDED` */
  async load(file: string): Promise<LoadedSegment> {
    const text = await readText(file);
    const folder = file === '-' ? '.' : dirname(file);
    const base = { catalog: this.catalog, compiler: this.compiler };
    const { checkRefs = true, tenant = defaultTenant } = this.options;
    const contextFor = (value: Json): ValidationContext =>
      checkRefs ? { ...base, refs: knownRefs(this.config, tenant, folder, idOf(value)) } : base;
    try {
      const { segment, problems } = await validateTextInSlices(text, contextFor, await notationOf(file));
      return { file, segment, problems: problems.map((problem) => ({ ...problem, file: shownName(file) })) };
    } catch (thrown) {
      return { file, segment: null, problems: [unreadable(shownName(file), thrown)] };
    }
  }

  /** Returns the segment of the file first, then the segments it references. */
  async loadAll(file: string): Promise<LoadedSegment[]> {
    const first = await this.load(file);
    const loaded = [first];
    const known = new Set(first.segment === null ? [] : [first.segment.segment_id]);
    const folder = file === '-' ? '.' : dirname(file);
    for (const { segment } of loaded) {
      for (const ref of segmentRefs((segment?.steps ?? []).map(({ config }) => config ?? {}))) {
        const path = known.has(ref) ? null : fileOfSegment(folder, ref);
        known.add(ref);
        if (path !== null) loaded.push(withMatchingId(await this.load(path), ref));
      }
    }
    return loaded;
  }

  define(segment: Segment): Definition {
    return defineSegment(segment, this.catalog);
  }
}

/** A referenced segment is found by file name but stored by id, so both must match. */
function withMatchingId(loaded: LoadedSegment, ref: string): LoadedSegment {
  const { file, segment, problems } = loaded;
  if (segment === null || segment.segment_id === ref) return loaded;
  return { file, segment: null, problems: [...problems, mismatch(shownName(file), ref, segment.segment_id)] };
}
