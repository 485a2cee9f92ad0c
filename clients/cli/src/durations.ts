/** `0.3s`, `12s`, `3m 20s`, `2h 5m`, `3d 4h`. */
export function shownDuration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  if (seconds < 59.5) return `${Math.round(seconds)}s`;
  const minutes = Math.round(seconds) / 60;
  if (minutes < 60) return `${Math.floor(minutes)}m ${Math.round(seconds) % 60}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h ${Math.floor(minutes) % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `12:00:00.123`, in the time zone of this machine. */
export function shownTimeOfDay(epochMs: number): string {
  return `${shownTime(epochMs).slice(11)}.${String(new Date(epochMs).getMilliseconds()).padStart(3, '0')}`;
}

/** `2026-01-31 12:00:00`, in the time zone of this machine. */
export function shownTime(epochMs: number): string {
  const at = new Date(epochMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
