import type { JsonObject, Problem } from '@llmteam/contracts';
import type { Work } from '../slices/slices.js';
import { inDocumentOrder } from './document-order.js';
import { type Findings, pause } from './rule.js';
import { problem } from './wording.js';

/** Problems beyond this number are counted but not listed. */
const maxProblems = 1_000;
const severities: readonly Problem['severity'][] = ['error', 'warning', 'info'];

/** Collects the problems of a segment without keeping all of them: 200,000 values may each have several. */
export class ProblemCollector {
  private readonly kept: Problem[] = [];
  private readonly omitted = new Map<Problem['severity'], number>();

  /** Rules report in the order of the document, so the problems to list are among the first of each rule. */
  *take(findings: Findings): Work<void> {
    let count = 0;
    for (const found of findings) {
      if (found === pause) yield;
      else if (++count <= maxProblems) this.kept.push(found);
      else this.omit(found.severity);
    }
  }

  /** In document order; the last one stands for those that are not listed, and is as severe as the worst of them. */
  inOrder(segment: JsonObject): Problem[] {
    const ordered = inDocumentOrder(this.kept, segment);
    for (const { severity } of ordered.slice(maxProblems)) this.omit(severity);
    const worst = severities.find((severity) => this.omitted.has(severity));
    if (worst === undefined) return ordered;
    const count = [...this.omitted.values()].reduce((sum, one) => sum + one, 0);
    const more = `and ${count} more problems; the first ${maxProblems} are listed`;
    return [...ordered.slice(0, maxProblems), problem(worst, 'LIMIT_EXCEEDED', '', more)];
  }

  private omit(severity: Problem['severity']): void {
    this.omitted.set(severity, (this.omitted.get(severity) ?? 0) + 1);
  }
}
