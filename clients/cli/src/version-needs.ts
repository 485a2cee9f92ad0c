/** A version that is needed, and by what, in words. */
import type { VersionUse } from '@llmteam/contracts';

const named = 5;

/** `ocr 1.2.0: segment scan; runs 4f1c, 77ab and 12 more` */
export function neededBy(use: VersionUse): string {
  const parts = [
    counted('segment', use.segments, use.segment_count),
    counted('run', use.runs, use.run_count),
    ...(use.is_used_elsewhere ? ['other tenants'] : []),
  ];
  return `${use.type_id} ${use.version}: ${parts.filter((part) => part !== '').join('; ')}`;
}

function counted(thing: string, ids: readonly string[], count: number): string {
  if (count === 0) return '';
  const shown = ids.slice(0, named);
  const more = count > shown.length ? ` and ${count - shown.length} more` : '';
  return `${thing}${count === 1 ? '' : 's'} ${shown.join(', ')}${more}`;
}
