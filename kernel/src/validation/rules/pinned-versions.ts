import type { Problem } from '@llmteam/contracts';
import semver from 'semver';
import type { DraftStep } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import { problem, quoted } from '../wording.js';

/** A type that is not part of LLMTeam is named with its version; each is told once. */
export const pinnedVersions: Rule = function* ({ draft }) {
  const told = new Set<string>();
  for (const step of draft.steps) {
    const { type, entry } = step;
    if (type !== null && entry !== null && !entry.standing.isOurs && !type.includes('@') && !told.has(type)) {
      told.add(type);
      yield unpinned(step, type, entry.metadata.version);
    }
    yield pause;
  }
};

function unpinned({ subject, pointer }: DraftStep, type: string, version: string): Problem {
  const pinned = `${type}@${rangeOf(version)}`;
  const message = `${subject}: ${quoted(type)} names no version; now it is ${version}, and ${quoted(pinned)} stays so`;
  return problem('warning', 'VERSION_UNPINNED', `${pointer}/type`, message, pinned);
}

/** What later versions may be without breaking those who use it. */
function rangeOf(version: string): string {
  const parsed = semver.parse(version);
  if (parsed === null) return version;
  return parsed.major > 0 ? String(parsed.major) : `0.${parsed.minor}`;
}
