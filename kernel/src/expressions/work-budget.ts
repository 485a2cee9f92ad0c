/**
 * What several evaluations may do together, in units of `caps.expression_units`: those of a turn, those of a run. Each evaluation
 * counts it down by what it does, also when it fails; what an evaluation does depends on the expression and the variables alone. Once it
 * is used up, every evaluation fails with `LIMIT_EXCEEDED`.
 */
export interface WorkBudget {
  left: number;
}

/** For evaluations that only their own limit bounds. */
export function unlimitedWork(): WorkBudget {
  return { left: Number.POSITIVE_INFINITY };
}
