/** What a handler must return, and what it returned instead. */
export function notPorts(returned: unknown): string {
  return `must return an object {port: value}, such as { output: 1 }, not ${kindOf(returned)}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
