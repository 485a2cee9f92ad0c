/** How much checking one value by one user's schema may do. A unit is about a microsecond at worst. */
export const checkUnits = 1_000_000;

export class WorkExceeded extends Error {
  constructor() {
    super('the check takes too much work');
    this.name = 'WorkExceeded';
  }
}

/** Generated code cannot be interrupted; it calls here instead, often enough. */
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
