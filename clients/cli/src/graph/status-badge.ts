import type { StepStatus } from '@llmteam/contracts';
import { ink } from './palette.js';
import type { StepOverlay } from './run-overlay.js';
import { status_looks } from './status-look.js';
import { type TypeFace, text_width } from './text-fit.js';
import { element, type Markup, text } from './xml.js';

const count_face: TypeFace = { size: 10.5, style: 'bold' };
const badge_radius = 8;
/** Height of the row of counts. */
export const count_strip = 20;

export function has_counts(overlay: StepOverlay | undefined): boolean {
  return overlay !== undefined && overlay.counts.size > 0;
}

/** Dot, number and the gap to the next. */
function count_width(count: number): number {
  return 10 + text_width(String(count), count_face) + 9;
}

export function counts_width(overlay: StepOverlay | undefined): number {
  return overlay === undefined ? 0 : [...overlay.counts.values()].reduce((sum, count) => sum + count_width(count), 0);
}

/** In how many open iterations the step has which status: a dot and a number each. */
export function count_dots(overlay: StepOverlay | undefined, first: number, middle: number): Markup[] {
  const drawn: Markup[] = [];
  let left = first;
  for (const [status, count] of overlay?.counts ?? []) {
    drawn.push(count_dot(status, count, left, middle));
    left += count_width(count);
  }
  return drawn;
}

function count_dot(status: StepStatus, count: number, left: number, middle: number): Markup {
  const { line, is_dashed } = status_looks[status];
  const is_hollow = status === 'pending' || is_dashed === true;
  return element(
    'g',
    { class: `count status-${status}` },
    element('circle', { cx: left + 4, cy: middle, r: 3.5, fill: is_hollow ? ink.paper : line, stroke: line }),
    element(
      'text',
      { x: left + 11, y: middle + 3.7, 'font-size': count_face.size, 'font-weight': 600, fill: ink.muted },
      text(String(count)),
    ),
  );
}

/** The status's sign around a point, usually a corner of the box, and left of it how many attempts it took. */
export function badges(overlay: StepOverlay | undefined, x: number, y: number): Markup[] {
  if (overlay === undefined) return [];
  const drawn = attempts_pill(overlay, x - badge_radius - 4, y);
  const { line, sign } = status_looks[overlay.status];
  if (sign !== undefined) drawn.push(status_badge(x, y, line, sign));
  return drawn;
}

/** A round badge with the sign of a status. */
export function status_badge(x: number, y: number, color: string, sign: string): Markup {
  return element(
    'g',
    { transform: `translate(${x} ${y})` },
    element('circle', { r: badge_radius, fill: color, stroke: ink.paper, 'stroke-width': 2 }),
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

function attempts_pill({ attempts, status }: StepOverlay, right: number, middle: number): Markup[] {
  if (attempts <= 1) return [];
  const label = `×${attempts}`;
  const width = text_width(label, count_face) + 10;
  const { line } = status_looks[status];
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
          'font-size': count_face.size,
          'font-weight': 600,
          fill: line,
        },
        text(label),
      ),
    ),
  ];
}
