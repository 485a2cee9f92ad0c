import type { DiagramStep } from './diagram.js';
import type { Rect, Size } from './geometry.js';
import { ink, mono_family } from './palette.js';
import type { StepOverlay } from './run-overlay.js';
import { badges, count_dots, count_strip, counts_width, has_counts } from './status-badge.js';
import { status_looks } from './status-look.js';
import { fit_text, type TypeFace, text_width } from './text-fit.js';
import { type_look } from './type-look.js';
import { element, type Markup, text } from './xml.js';

const name_face: TypeFace = { size: 13, style: 'bold' };
const type_face: TypeFace = { size: 10.5, style: 'mono' };
const narrowest = 140;
const widest = 260;
/** Widths come in steps, so that neighbours are mostly as wide as each other. */
const width_step = 20;
const plain_height = 52;
const tile = 32;
const inset = 10;
const text_left = inset + tile + inset;
const text_right = 14;

export function step_box_size(step: DiagramStep, overlay: StepOverlay | undefined): Size {
  const longest = Math.max(
    text_width(step.name.slice(0, 60), name_face),
    text_width(step.type.slice(0, 60), type_face),
  );
  const width = Math.max(longest + text_left + text_right, counts_width(overlay) + 2 * inset);
  const height = plain_height + (has_counts(overlay) ? count_strip : 0);
  return { width: Math.ceil(Math.min(widest, Math.max(narrowest, width)) / width_step) * width_step, height };
}

/** One step: its type's sign, name and type; in a run its status, attempts and counts of open iterations. */
export function draw_step(step: DiagramStep, rect: Rect, is_entrypoint: boolean, overlay?: StepOverlay): Markup {
  const classes = ['step', overlay === undefined ? '' : `status-${overlay.status}`, is_entrypoint ? 'entrypoint' : ''];
  return element(
    'g',
    { class: classes.filter((name) => name !== '').join(' '), 'data-step': step.step_id },
    element('title', {}, text(tooltip(step, is_entrypoint, overlay))),
    outline(rect, overlay),
    type_tile(step, rect),
    ...captions(step, rect, overlay),
    ...count_dots(overlay, rect.x + inset + 2, rect.y + plain_height + count_strip / 2 - 5),
    ...badges(overlay, rect.x + rect.width - 10, rect.y),
  );
}

function tooltip(step: DiagramStep, is_entrypoint: boolean, overlay: StepOverlay | undefined): string {
  const parts = [step.name === step.step_id ? step.step_id : `${step.name} (${step.step_id})`, step.type];
  if (is_entrypoint) parts.push('entrypoint');
  if (overlay !== undefined) {
    const counts = [...overlay.counts].map(([status, count]) => `${count} ${status}`);
    parts.push(counts.length > 0 ? counts.join(', ') : status_looks[overlay.status].label);
    if (overlay.attempts > 1) parts.push(`${overlay.attempts} attempts`);
    parts.push(...overlay.notes);
  }
  return parts.join('\n');
}

function outline(rect: Rect, overlay: StepOverlay | undefined): Markup {
  const look = overlay === undefined ? undefined : status_looks[overlay.status];
  return element('rect', {
    class: 'box',
    ...rect,
    rx: 9,
    fill: look?.fill ?? ink.paper,
    stroke: look?.line ?? ink.line,
    'stroke-width': look === undefined || overlay?.status === 'pending' ? 1.2 : 1.8,
    'stroke-dasharray': look?.is_dashed === true ? '5 4' : undefined,
  });
}

function type_tile(step: DiagramStep, { x, y }: Rect): Markup {
  const look = type_look(step.type_id, step.color);
  const glyph_scale = 1.25;
  const glyph_inset = (tile - 16 * glyph_scale) / 2;
  const at = `translate(${x + inset + glyph_inset} ${y + inset + glyph_inset}) scale(${glyph_scale})`;
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
  const room = width - text_left - text_right;
  const is_faint = overlay?.status === 'skipped' || overlay?.status === 'cancelled';
  return [
    element(
      'text',
      {
        x: x + text_left,
        y: y + 23,
        'font-size': name_face.size,
        'font-weight': 600,
        fill: is_faint ? ink.muted : ink.text,
      },
      text(fit_text(step.name, room, name_face)),
    ),
    element(
      'text',
      { x: x + text_left, y: y + 39, 'font-size': type_face.size, 'font-family': mono_family, fill: ink.muted },
      text(fit_text(step.type, room, type_face)),
    ),
  ];
}
