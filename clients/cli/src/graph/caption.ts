import type { Diagram } from './diagram.js';
import type { Size } from './geometry.js';
import { ink, mono_family } from './palette.js';
import { duration_text, type RunOverlay, type ShownStatus, statuses_shown } from './run-overlay.js';
import { status_badge } from './status-badge.js';
import { run_color, status_looks } from './status-look.js';
import { fit_text, type TypeFace, text_width } from './text-fit.js';
import { element, type Markup, text } from './xml.js';

const title_face: TypeFace = { size: 17, style: 'bold' };
const chip_face: TypeFace = { size: 12, style: 'bold' };
const small_face: TypeFace = { size: 11.5 };
const mono_face: TypeFace = { size: 11, style: 'mono' };
const legend_face: TypeFace = { size: 11.5 };
const legend_row = 24;
/** How much of the head is shown at least, however narrow the graph. */
const widest_title = 620;

/** What stands above and below the graph. */
export interface Caption {
  readonly title: string;
  /** `completed in 3.2 s`, and its colour; empty for a segment without a run. */
  readonly chip: { readonly content: string; readonly color: string } | null;
  readonly detail: string;
  readonly error: string;
  readonly legend: readonly ShownStatus[];
}

export function read_caption(diagram: Diagram, title: string | undefined, overlay: RunOverlay | undefined): Caption {
  const { segment, steps } = diagram;
  const count = `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`;
  const shown = title ?? segment.name;
  if (overlay === undefined) {
    return { title: shown, chip: null, detail: `${segment.segment_id} · ${count}`, error: '', legend: [] };
  }
  const { view } = overlay;
  const time = view.duration_ms === null ? '' : ` ${connective(view.status)} ${duration_text(view.duration_ms)}`;
  return {
    title: shown,
    chip: { content: `${view.status}${time}`, color: run_color(view.status) },
    detail: `${segment.segment_id} · ${count} · ${view.run_id}`,
    error: view.error === null ? '' : `${view.error.error_code}: ${view.error.error_message}`,
    legend: statuses_shown(overlay),
  };
}

/** Room for the head; long texts are cut rather than widening the picture for ever. */
export function head_size(caption: Caption): Size {
  const title = Math.min(widest_title, text_width(caption.title.slice(0, 200), title_face));
  const detail = Math.min(widest_title, text_width(caption.detail, mono_face));
  const width = Math.max(title + (caption.chip === null ? 0 : 12 + chip_width(caption.chip.content)), detail);
  return { width: Math.ceil(width), height: caption.error === '' ? 46 : 64 };
}

/** Title line with the run's status, then ids, then the run's error. `at` is the upper left corner. */
export function draw_head(caption: Caption, width: number): Markup {
  const room = caption.chip === null ? width : width - 12 - chip_width(caption.chip.content);
  const title = fit_text(caption.title, room, title_face);
  const title_left = width - room;
  return element(
    'g',
    { class: 'head' },
    element(
      'text',
      { x: title_left, y: 17, 'font-size': title_face.size, 'font-weight': 700, fill: ink.text },
      text(title),
    ),
    ...(caption.chip === null ? [] : [draw_chip(caption.chip)]),
    element(
      'text',
      { x: 0, y: 38, 'font-size': mono_face.size, 'font-family': mono_family, fill: ink.muted },
      text(fit_text(caption.detail, width, mono_face)),
    ),
    ...(caption.error === '' ? [] : [draw_error(caption.error, width)]),
  );
}

/** How many rows the legend takes in a picture of that width. */
export function legend_height(caption: Caption, width: number): number {
  const last = legend_places(caption, width).at(-1);
  return last === undefined ? 0 : last.y + legend_row;
}

export function draw_legend(caption: Caption, width: number): Markup {
  const entries = legend_places(caption, width).map(({ status, x, y }) => legend_entry(status, x, y));
  return element('g', { class: 'legend' }, ...entries);
}

function connective(status: string): string {
  return status === 'completed' ? 'in' : 'after';
}

function chip_width(content: string): number {
  return Math.ceil(text_width(content, chip_face)) + 20;
}

function draw_chip({ content, color }: NonNullable<Caption['chip']>): Markup {
  const width = chip_width(content);
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
        'font-size': chip_face.size,
        'font-weight': 600,
        fill: ink.paper,
      },
      text(content),
    ),
  );
}

function draw_error(error: string, width: number): Markup {
  return element(
    'text',
    { class: 'run-error', x: 0, y: 57, 'font-size': small_face.size, fill: ink.error_edge },
    text(fit_text(error, width, small_face)),
  );
}

function legend_places({ legend }: Caption, width: number): { status: ShownStatus; x: number; y: number }[] {
  let x = 0;
  let y = 0;
  return legend.map((status) => {
    const entry = 24 + text_width(status_looks[status].label, legend_face) + 18;
    if (x > 0 && x + entry > width) {
      x = 0;
      y += legend_row;
    }
    const place = { status, x, y };
    x += entry;
    return place;
  });
}

function legend_entry(status: ShownStatus, x: number, y: number): Markup {
  const { label, line, fill, sign, is_dashed } = status_looks[status];
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
          'stroke-dasharray': is_dashed === true ? '3 2' : undefined,
        })
      : status_badge(x + 8, y + 12, line, sign);
  return element(
    'g',
    { class: `legend-entry status-${status}` },
    swatch,
    element('text', { x: x + 22, y: y + 16, 'font-size': legend_face.size, fill: ink.muted }, text(label)),
  );
}
