import type { Problem } from '@llmteam/contracts';
import type { DraftJob } from '../draft-jobs.js';
import { pause, type Rule } from '../rule.js';
import { identifierForm, identifierPattern } from '../schemas/pattern-words.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { error, quoted } from '../wording.js';
import { checkType } from './step-types.js';

const identifier = new RegExp(String(identifierPattern));

/** What a control step may run has names of its own, types that are tasks, and configs that match their schemas. */
export const jobs: Rule = function* (analysis) {
  const known = new Set<string>();
  for (const { owner, job } of analysis.jobs) {
    const name = job.step_id ?? '';
    const key = `${owner.index}/${name}`;
    const { pointer, subject } = job;
    if (!identifier.test(name))
      yield error('INVALID_ID_FORMAT', pointer, `${subject}: its name is no id (${identifierForm})`);
    if (known.has(key)) yield error('DUPLICATE_ID', pointer, `${subject}: another job of the step has this name`);
    known.add(key);
    yield* checkJob(job, analysis);
    yield pause;
  }
};

function* checkJob(job: DraftJob['job'], analysis: SegmentAnalysis): Iterable<Problem> {
  const { type, entry, pointer, subject } = job;
  yield* checkType(job, type ?? '', analysis);
  if (entry === null) return;
  if (entry.control === null) yield* analysis.configProblems(job);
  else yield error('SCHEMA_VIOLATION', pointer, `${subject}: ${quoted(type ?? '')} is no task, so it cannot be a job`);
}
