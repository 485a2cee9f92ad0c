/**
 * Purpose: from a segment file to what can be run: the segment, and those it names by `segment_ref`, judged and made definitions.
 * Owns: finding them, each once (segments may name each other), and saying what is wrong in which file.
 */
import { dirname } from 'node:path';
import type { Definition, Segment } from '@llmteam/contracts';
import { create_expression_compiler, define_segment, type StepCatalog, validate_text } from '@llmteam/kernel';
import type { Config } from '@llmteam/service-host';
import { read_text, shown_name } from './files.js';
import { file_of_segment, known_refs, segment_refs } from './known-refs.js';
import { type FileProblem, not_json } from './problem-lines.js';

export interface LoadedSegment {
  /** As named by the user, or beside that. */
  readonly file: string;
  /** null: it has errors. */
  readonly segment: Segment | null;
  readonly problems: readonly FileProblem[];
}

type Compiler = ReturnType<typeof create_expression_compiler>;

/** Reads segments of one folder. */
export class SegmentFiles {
  private readonly compiler: Compiler = create_expression_compiler();

  constructor(
    private readonly config: Config,
    private readonly catalog: StepCatalog,
    /** Whether what a segment refers to must be there; a picture of it needs none of that. */
    private readonly options: { readonly check_refs: boolean } = { check_refs: true },
  ) {}

  /** @throws LlmteamError `FILE_UNREADABLE`, `LIMIT_EXCEEDED` */
  async load(file: string): Promise<LoadedSegment> {
    const text = await read_text(file);
    const folder = file === '-' ? '.' : dirname(file);
    const judged = { catalog: this.catalog, compiler: this.compiler };
    const refs = known_refs(this.config, folder, own_id(text));
    const context = this.options.check_refs ? { ...judged, refs } : judged;
    try {
      const { segment, problems } = validate_text(text, context);
      return { file, segment, problems: problems.map((problem) => ({ ...problem, file: shown_name(file) })) };
    } catch (thrown) {
      return { file, segment: null, problems: [not_json(shown_name(file), thrown)] };
    }
  }

  /** The segment of a file first, then those it leads to. */
  async load_all(file: string): Promise<LoadedSegment[]> {
    const first = await this.load(file);
    const loaded = [first];
    const known = new Set(first.segment === null ? [] : [first.segment.segment_id]);
    const folder = file === '-' ? '.' : dirname(file);
    for (const { segment } of loaded) {
      for (const ref of segment_refs((segment?.steps ?? []).map(({ config }) => config ?? {}))) {
        const path = known.has(ref) ? null : file_of_segment(folder, ref);
        known.add(ref);
        if (path !== null) loaded.push(named_rightly(await this.load(path), ref));
      }
    }
    return loaded;
  }

  define(segment: Segment): Definition {
    return define_segment(segment, this.catalog);
  }
}

/** The id a text gives itself, valid or not. */
function own_id(text: string): string | null {
  const found = /"segment_id"\s*:\s*"([a-z][a-z0-9_]*)"/.exec(text);
  return found?.[1] ?? null;
}

/** A segment is found by the name of its file and stored by its id: they must be one. */
function named_rightly(loaded: LoadedSegment, ref: string): LoadedSegment {
  const { file, segment, problems } = loaded;
  if (segment === null || segment.segment_id === ref) return loaded;
  const message = `the file is named by segment_ref '${ref}', but its segment_id is '${segment.segment_id}'`;
  const problem: FileProblem = { file, severity: 'error', code: 'INVALID_REFERENCE', message, path: '/segment_id' };
  return { file, segment: null, problems: [...problems, problem] };
}
