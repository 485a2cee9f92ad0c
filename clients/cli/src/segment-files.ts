/**
 * Purpose: from a segment file to what can be run: the segment, and those it names by `segment_ref`, judged and made definitions.
 * Owns: finding them, each once (segments may name each other), and saying what is wrong in which file.
 */
import { dirname } from 'node:path';
import type { Definition, Segment } from '@llmteam/contracts';
import { createExpressionCompiler, defineSegment, type StepCatalog, validateText } from '@llmteam/kernel';
import type { Config } from '@llmteam/service-host';
import { readText, shownName } from './files.js';
import { fileOfSegment, knownRefs, segmentRefs } from './known-refs.js';
import { type FileProblem, notJson } from './problem-lines.js';

export interface LoadedSegment {
  /** As named by the user, or beside that. */
  readonly file: string;
  /** null: it has errors. */
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
    /** Whether what a segment refers to must be there; a picture of it needs none of that. */
    private readonly options: { readonly checkRefs: boolean } = { checkRefs: true },
  ) {}

  /** @throws LlmteamError `FILE_UNREADABLE`, `LIMIT_EXCEEDED` */
  async load(file: string): Promise<LoadedSegment> {
    const text = await readText(file);
    const folder = file === '-' ? '.' : dirname(file);
    const judged = { catalog: this.catalog, compiler: this.compiler };
    const refs = knownRefs(this.config, folder, ownId(text));
    const context = this.options.checkRefs ? { ...judged, refs } : judged;
    try {
      const { segment, problems } = validateText(text, context);
      return { file, segment, problems: problems.map((problem) => ({ ...problem, file: shownName(file) })) };
    } catch (thrown) {
      return { file, segment: null, problems: [notJson(shownName(file), thrown)] };
    }
  }

  /** The segment of a file first, then those it leads to. */
  async loadAll(file: string): Promise<LoadedSegment[]> {
    const first = await this.load(file);
    const loaded = [first];
    const known = new Set(first.segment === null ? [] : [first.segment.segment_id]);
    const folder = file === '-' ? '.' : dirname(file);
    for (const { segment } of loaded) {
      for (const ref of segmentRefs((segment?.steps ?? []).map(({ config }) => config ?? {}))) {
        const path = known.has(ref) ? null : fileOfSegment(folder, ref);
        known.add(ref);
        if (path !== null) loaded.push(namedRightly(await this.load(path), ref));
      }
    }
    return loaded;
  }

  define(segment: Segment): Definition {
    return defineSegment(segment, this.catalog);
  }
}

/** The id a text gives itself, valid or not. */
function ownId(text: string): string | null {
  const found = /"segment_id"\s*:\s*"([a-z][a-z0-9_]*)"/.exec(text);
  return found?.[1] ?? null;
}

/** A segment is found by the name of its file and stored by its id: they must be one. */
function namedRightly(loaded: LoadedSegment, ref: string): LoadedSegment {
  const { file, segment, problems } = loaded;
  if (segment === null || segment.segment_id === ref) return loaded;
  const message = `the file is named by segment_ref '${ref}', but its segment_id is '${segment.segment_id}'`;
  const problem: FileProblem = { file, severity: 'error', code: 'INVALID_REFERENCE', message, path: '/segment_id' };
  return { file, segment: null, problems: [...problems, problem] };
}
