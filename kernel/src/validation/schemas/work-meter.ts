/** The work budget for checking one value against a user-written schema. A unit takes about a microsecond at worst. */
export const checkUnits = 1_000_000;

export class WorkExceeded extends Error {
  constructor() {
    super('the check takes too much work');
    this.name = 'WorkExceeded';
  }
}

/** Generated code cannot be interrupted, so it reports its work here and is stopped by an exception. */
export class WorkMeter {
  private left = checkUnits;

  start(): void {
    this.left = checkUnits;
  }

  /** @throws WorkExceeded */
  spend(units: number): void {
    this.left -= units;
    if (this.left < 0) throw new WorkExceeded();
  }
}
