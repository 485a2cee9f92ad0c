const longestStack = 4_000;

/** The stack of whatever was thrown, for the log, which must survive anything; null if it has none. */
export function stackOf(thrown: unknown): string | null {
  try {
    const { stack } = thrown as { readonly stack?: unknown };
    return typeof stack === 'string' ? stack.slice(0, longestStack) : null;
  } catch {
    return null;
  }
}
