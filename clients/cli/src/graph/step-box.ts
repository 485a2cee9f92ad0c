import type { DiagramStep } from './diagram.js';
import type { Rect, Size } from './geometry.js';
import { ink, monoFamily } from './palette.js';
import type { StepOverlay } from './run-overlay.js';
import { badges, countDots, countStrip, countsWidth, hasCounts } from './status-badge.js';
import { statusLooks } from './status-look.js';
import { fitText, type TypeFace, textWidth } from './text-fit.js';
import { typeLook } from './type-look.js';
import { element, type Markup, text } from './xml.js';

const nameFace: TypeFace = { size: 13, style: 'bold' };
const typeFace: TypeFace = { size: 10.5, style: 'mono' };
const narrowest = 140;
const widest = 260;
/** Widths are rounded up, so that neighbouring boxes are mostly equally wide. */
const widthStep = 20;
const plainHeight = 52;
const tile = 32;
const inset = 10;
const textLeft = inset + tile + inset;
const textRight = 14;

export function stepBoxSize(step: DiagramStep, overlay: StepOverlay | undefined): Size {
  const longest = Math.max(textWidth(step.name.slice(0, 60), nameFace), textWidth(step.type.slice(0, 60), typeFace));
  const width = Math.max(longest + textLeft + textRight, countsWidth(overlay) + 2 * inset);
  const height = plainHeight + (hasCounts(overlay) ? countStrip : 0);
  return { width: Math.ceil(Math.min(widest, Math.max(narrowest, width)) / widthStep) * widthStep, height };
}

/** Draws a step: icon, name and type; in a run also its status, attempts and counts of open iterations. */
export function drawStep(step: DiagramStep, rect: Rect, isEntrypoint: boolean, overlay?: StepOverlay): Markup {
  const classes = ['step', overlay === undefined ? '' : `status-${overlay.status}`, isEntrypoint ? 'entrypoint' : ''];
  return element(
    'g',
    { class: classes.filter((name) => name !== '').join(' '), 'data-step': step.step_id },
    element('title', {}, text(tooltip(step, isEntrypoint, overlay))),
    outline(rect, overlay),
    typeTile(step, rect),
    ...captions(step, rect, overlay),
    ...countDots(overlay, rect.x + inset + 2, rect.y + plainHeight + countStrip / 2 - 5),
    ...badges(overlay, rect.x + rect.width - 10, rect.y),
  );
}

function tooltip(step: DiagramStep, isEntrypoint: boolean, overlay: StepOverlay | undefined): string {
  const parts = [step.name === step.step_id ? step.step_id : `${step.name} (${step.step_id})`, step.type];
  if (isEntrypoint) parts.push('entrypoint');
  if (overlay !== undefined) {
    const counts = [...overlay.counts].map(([status, count]) => `${count} ${status}`);
    parts.push(counts.length > 0 ? counts.join(', ') : statusLooks[overlay.status].label);
    if (overlay.attempts > 1) parts.push(`${overlay.attempts} attempts`);
    parts.push(...overlay.notes);
  }
  return parts.join('\n');
}

function outline(rect: Rect, overlay: StepOverlay | undefined): Markup {
  const look = overlay === undefined ? undefined : statusLooks[overlay.status];
  return element('rect', {
    class: 'box',
    ...rect,
    rx: 9,
    fill: look?.fill ?? ink.paper,
    stroke: look?.line ?? ink.line,
    'stroke-width': look === undefined || overlay?.status === 'pending' ? 1.2 : 1.8,
    'stroke-dasharray': look?.isDashed === true ? '5 4' : undefined,
  });
}

function typeTile(step: DiagramStep, { x, y }: Rect): Markup {
  const look = typeLook(step.type_id, step.color);
  const glyphScale = 1.25;
  const glyphInset = (tile - 16 * glyphScale) / 2;
  const at = `translate(${x + inset + glyphInset} ${y + inset + glyphInset}) scale(${glyphScale})`;
  const line = {
    fill: 'none',
    stroke: ink.paper,
    'stroke-width': 1.4,
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
  };
  return element(
    'g',
    {},
    element('rect', { x: x + inset, y: y + inset, width: tile, height: tile, rx: 7, fill: look.color }),
    element('path', { d: look.glyph, transform: at, ...line }),
  );
}

function captions(step: DiagramStep, { x, y, width }: Rect, overlay: StepOverlay | undefined): Markup[] {
  const room = width - textLeft - textRight;
  const isFaint = overlay?.status === 'skipped' || overlay?.status === 'cancelled';
  return [
    element(
      'text',
      {
        x: x + textLeft,
        y: y + 23,
        'font-size': nameFace.size,
        'font-weight': 600,
        fill: isFaint ? ink.muted : ink.text,
      },
      text(fitText(step.name, room, nameFace)),
    ),
    element(
      'text',
      { x: x + textLeft, y: y + 39, 'font-size': typeFace.size, 'font-family': monoFamily, fill: ink.muted },
      text(fitText(step.type, room, typeFace)),
    ),
  ];
}
