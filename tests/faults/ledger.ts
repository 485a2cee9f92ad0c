export interface Execution {
  readonly pid: number;
  /** `<run_id>/<step key>#<attempt>` */
  readonly attempt: string;
}

/** The records of the ledger plugin, one line per execution. */
export function executions(text: string): Execution[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ pid: Number(line.slice(0, line.indexOf(' '))), attempt: line.slice(line.indexOf(' ') + 1) }));
}
