import type { JsonObject } from '@llmteam/contracts';

/** Longer texts fit no line. */
const maxLength = 200;

/** What a handler says of its progress, in few words: `3/10` or `42%` of numbers `done` and `total`, or else its first text. */
export function progressText(progress: JsonObject): string {
  const { done, total } = progress;
  if (typeof done === 'number' && typeof total === 'number' && total > 0) {
    if (Number.isInteger(done) && Number.isInteger(total)) return `${done}/${total}`;
    return `${Math.round((done / total) * 100)}%`;
  }
  const text = Object.values(progress).find((value) => typeof value === 'string' && value.trim() !== '');
  return String(text ?? '').slice(0, maxLength);
}
