/** Result of one check. A warning works, but with limits the user may not expect; a problem does not work. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly message: string;
}

export function ok(name: string, message: string): Check {
  return { name, state: 'ok', message };
}

export function warning(name: string, message: string): Check {
  return { name, state: 'warning', message };
}

export function problem(name: string, message: string): Check {
  return { name, state: 'problem', message };
}

/** `1 partition`, `4 partitions` */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
