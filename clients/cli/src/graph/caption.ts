import { errorText } from '../failure-place.js';
import type { Diagram } from './diagram.js';
import type { Size } from './geometry.js';
import { ink, monoFamily } from './palette.js';
import { durationText, type RunOverlay, type ShownStatus, statusesShown } from './run-overlay.js';
import { statusBadge } from './status-badge.js';
import { runColor, statusLooks } from './status-look.js';
import { fitText, type TypeFace, textWidth } from './text-fit.js';
import { element, type Markup, text } from './xml.js';

const titleFace: TypeFace = { size: 17, style: 'bold' };
const chipFace: TypeFace = { size: 12, style: 'bold' };
const smallFace: TypeFace = { size: 11.5 };
const monoFace: TypeFace = { size: 11, style: 'mono' };
const legendFace: TypeFace = { size: 11.5 };
const legendRow = 24;
/** Maximum width that title and details may add to a narrow graph. */
const maxTitleWidth = 620;

/** The text above and below the graph. */
export interface Caption {
  readonly title: string;
  /** E.g. `completed in 3.2 s`, and its colour; null for a segment without a run. */
  readonly chip: { readonly content: string; readonly color: string } | null;
  readonly detail: string;
  readonly error: string;
  readonly legend: readonly ShownStatus[];
}

export function readCaption(diagram: Diagram, title: string | undefined, overlay: RunOverlay | undefined): Caption {
  const { segment, steps } = diagram;
  const count = `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`;
  const shown = title ?? segment.name;
  if (overlay === undefined) {
    return { title: shown, chip: null, detail: `${segment.segment_id} · ${count}`, error: '', legend: [] };
  }
  const { view } = overlay;
  const time = view.duration_ms === null ? '' : ` ${connective(view.status)} ${durationText(view.duration_ms)}`;
  return {
    title: shown,
    chip: { content: `${view.status}${time}`, color: runColor(view.status) },
    detail: `${segment.segment_id} · ${count} · ${view.run_id}`,
    error: view.error === null ? '' : errorText(view.error),
    legend: statusesShown(overlay),
  };
}

/** Size of the head; long texts are truncated instead of widening the picture without limit. */
export function headSize(caption: Caption): Size {
  const title = Math.min(maxTitleWidth, textWidth(caption.title.slice(0, 200), titleFace));
  const detail = Math.min(maxTitleWidth, textWidth(caption.detail, monoFace));
  const width = Math.max(title + (caption.chip === null ? 0 : 12 + chipWidth(caption.chip.content)), detail);
  return { width: Math.ceil(width), height: caption.error === '' ? 46 : 64 };
}

/** Title line with the run's status, then ids, then the run's error. */
export function drawHead(caption: Caption, width: number): Markup {
  const room = caption.chip === null ? width : width - 12 - chipWidth(caption.chip.content);
  const title = fitText(caption.title, room, titleFace);
  const titleLeft = width - room;
  return element(
    'g',
    { class: 'head' },
    element(
      'text',
      { x: titleLeft, y: 17, 'font-size': titleFace.size, 'font-weight': 700, fill: ink.text },
      text(title),
    ),
    ...(caption.chip === null ? [] : [drawChip(caption.chip)]),
    element(
      'text',
      { x: 0, y: 38, 'font-size': monoFace.size, 'font-family': monoFamily, fill: ink.muted },
      text(fitText(caption.detail, width, monoFace)),
    ),
    ...(caption.error === '' ? [] : [drawError(caption.error, width)]),
  );
}

/** Height of the legend in a picture of the given width. */
export function legendHeight(caption: Caption, width: number): number {
  const last = legendPlaces(caption, width).at(-1);
  return last === undefined ? 0 : last.y + legendRow;
}

export function drawLegend(caption: Caption, width: number): Markup {
  const entries = legendPlaces(caption, width).map(({ status, x, y }) => legendEntry(status, x, y));
  return element('g', { class: 'legend' }, ...entries);
}

function connective(status: string): string {
  return status === 'completed' ? 'in' : 'after';
}

function chipWidth(content: string): number {
  return Math.ceil(textWidth(content, chipFace)) + 20;
}

function drawChip({ content, color }: NonNullable<Caption['chip']>): Markup {
  const width = chipWidth(content);
  return element(
    'g',
    { class: 'run-status' },
    element('rect', { x: 0, y: 0, width, height: 22, rx: 11, fill: color }),
    element(
      'text',
      {
        x: width / 2,
        y: 15.2,
        'text-anchor': 'middle',
        'font-size': chipFace.size,
        'font-weight': 600,
        fill: ink.paper,
      },
      text(content),
    ),
  );
}

function drawError(error: string, width: number): Markup {
  return element(
    'text',
    { class: 'run-error', x: 0, y: 57, 'font-size': smallFace.size, fill: ink.errorEdge },
    text(fitText(error, width, smallFace)),
  );
}

function legendPlaces({ legend }: Caption, width: number): { status: ShownStatus; x: number; y: number }[] {
  let x = 0;
  let y = 0;
  return legend.map((status) => {
    const entry = 24 + textWidth(statusLooks[status].label, legendFace) + 18;
    if (x > 0 && x + entry > width) {
      x = 0;
      y += legendRow;
    }
    const place = { status, x, y };
    x += entry;
    return place;
  });
}

function legendEntry(status: ShownStatus, x: number, y: number): Markup {
  const { label, line, fill, sign, isDashed } = statusLooks[status];
  const swatch =
    sign === undefined
      ? element('rect', {
          x: x + 1,
          y: y + 5,
          width: 14,
          height: 14,
          rx: 4,
          fill,
          stroke: line,
          'stroke-dasharray': isDashed === true ? '3 2' : undefined,
        })
      : statusBadge(x + 8, y + 12, line, sign);
  return element(
    'g',
    { class: `legend-entry status-${status}` },
    swatch,
    element('text', { x: x + 22, y: y + 16, 'font-size': legendFace.size, fill: ink.muted }, text(label)),
  );
}
