import type { StepStatus } from '@llmteam/contracts';
import { ink } from './palette.js';
import type { StepOverlay } from './run-overlay.js';
import { statusLooks } from './status-look.js';
import { type TypeFace, textWidth } from './text-fit.js';
import { element, type Markup, text } from './xml.js';

const countFace: TypeFace = { size: 10.5, style: 'bold' };
const badgeRadius = 8;
/** Height of the row of status counts. */
export const countStrip = 20;

export function hasCounts(overlay: StepOverlay | undefined): boolean {
  return overlay !== undefined && overlay.counts.size > 0;
}

/** Width of a dot, its number and the gap to the next one. */
function countWidth(count: number): number {
  return 10 + textWidth(String(count), countFace) + 9;
}

export function countsWidth(overlay: StepOverlay | undefined): number {
  return overlay === undefined ? 0 : [...overlay.counts.values()].reduce((sum, count) => sum + countWidth(count), 0);
}

/** The number of open iterations per status: a dot and a number each. */
export function countDots(overlay: StepOverlay | undefined, first: number, middle: number): Markup[] {
  const drawn: Markup[] = [];
  let left = first;
  for (const [status, count] of overlay?.counts ?? []) {
    drawn.push(countDot(status, count, left, middle));
    left += countWidth(count);
  }
  return drawn;
}

function countDot(status: StepStatus, count: number, left: number, middle: number): Markup {
  const { line, isDashed } = statusLooks[status];
  const isHollow = status === 'pending' || isDashed === true;
  return element(
    'g',
    { class: `count status-${status}` },
    element('circle', { cx: left + 4, cy: middle, r: 3.5, fill: isHollow ? ink.paper : line, stroke: line }),
    element(
      'text',
      { x: left + 11, y: middle + 3.7, 'font-size': countFace.size, 'font-weight': 600, fill: ink.muted },
      text(String(count)),
    ),
  );
}

/** The status badge centred at a point, usually a corner of the box, with the number of attempts to its left. */
export function badges(overlay: StepOverlay | undefined, x: number, y: number): Markup[] {
  if (overlay === undefined) return [];
  const drawn = attemptsPill(overlay, x - badgeRadius - 4, y);
  const { line, sign } = statusLooks[overlay.status];
  if (sign !== undefined) drawn.push(statusBadge(x, y, line, sign));
  return drawn;
}

/** A round badge with the icon of a status. */
export function statusBadge(x: number, y: number, color: string, sign: string): Markup {
  return element(
    'g',
    { transform: `translate(${x} ${y})` },
    element('circle', { r: badgeRadius, fill: color, stroke: ink.paper, 'stroke-width': 2 }),
    element('path', {
      d: sign,
      fill: 'none',
      stroke: ink.paper,
      'stroke-width': 1.8,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
    }),
  );
}

function attemptsPill({ attempts, status }: StepOverlay, right: number, middle: number): Markup[] {
  if (attempts <= 1) return [];
  const label = `×${attempts}`;
  const width = textWidth(label, countFace) + 10;
  const { line } = statusLooks[status];
  return [
    element(
      'g',
      { class: 'attempts' },
      element('rect', {
        x: right - width,
        y: middle - 8,
        width,
        height: 16,
        rx: 8,
        fill: ink.paper,
        stroke: line,
        'stroke-width': 1.2,
      }),
      element(
        'text',
        {
          x: right - width / 2,
          y: middle + 3.7,
          'text-anchor': 'middle',
          'font-size': countFace.size,
          'font-weight': 600,
          fill: line,
        },
        text(label),
      ),
    ),
  ];
}
