import type { Segment, StepStatus } from '@llmteam/contracts';
import { type Diagram, type DiagramEdge, type DiagramStep, read_diagram } from './diagram.js';
import type { DrawOptions } from './draw-options.js';
import { no_loop } from './loop-regions.js';
import { mermaid_label, yaml_string } from './mermaid-text.js';
import { type Level, nest } from './nesting.js';
import { ink } from './palette.js';
import { duration_text, edge_progress, overlay_run, type RunOverlay, statuses_shown } from './run-overlay.js';
import { status_looks } from './status-look.js';
import { one_line } from './text-fit.js';

/** Everything that is written about one picture. */
interface Sheet {
  readonly diagram: Diagram;
  readonly levels: ReadonlyMap<number, Level>;
  readonly ids: readonly string[];
  readonly overlay: RunOverlay | undefined;
}

const longest_name = 48;
const longest_condition = 40;
const longest_row = 6;
const plain_id = /^[a-z][a-z0-9_]*$/;

/**
 * Draws a segment, or a run of it, as a Mermaid flowchart. All text is escaped; ids have a prefix, so that none is a
 * keyword. The same arguments give the same text. Mermaid itself refuses more than 500 edges or 50,000 characters
 * unless it is set up for more. Throws `LIMIT_EXCEEDED` for more than 2,000 steps or 4,000 edges, and `SEGMENT_INVALID`
 * if two steps share an id or an edge names no step.
 */
export function draw_mermaid(segment: Segment, options: DrawOptions = {}): string {
  const diagram = read_diagram(segment);
  const sheet: Sheet = {
    diagram,
    levels: nest(diagram),
    ids: diagram.steps.map((step, place) => (plain_id.test(step.step_id) ? step.step_id : String(place))),
    overlay: options.view === undefined ? undefined : overlay_run(diagram, options.view),
  };
  const has_loops = diagram.steps.some((step) => step.has_body);
  const direction = has_loops || diagram.steps.length > longest_row ? 'TB' : 'LR';
  const written = [
    '---',
    `title: ${yaml_string(title_text(sheet, options.title))}`,
    '---',
    `flowchart ${direction}`,
    ...level_lines(sheet, no_loop, '  '),
    ...edge_lines(sheet),
    ...style_lines(sheet),
  ];
  return `${written.join('\n')}\n`;
}

function title_text({ diagram, overlay }: Sheet, title: string | undefined): string {
  const shown = one_line(title ?? diagram.segment.name);
  if (overlay === undefined) return shown;
  const { status, duration_ms } = overlay.view;
  return `${shown} - ${status}${duration_ms === null ? '' : `, ${duration_text(duration_ms)}`}`;
}

/** Boxes of one level and, as subgraphs, the frames in it. */
function level_lines(sheet: Sheet, loop: number, indent: string): string[] {
  const { diagram, levels, ids } = sheet;
  return (levels.get(loop)?.places ?? []).flatMap(({ step, is_frame }) => {
    const shown = diagram.steps[step];
    if (shown === undefined) return [];
    if (!is_frame) return [`${indent}${node_line(sheet, shown, step)}`];
    const head = `${indent}subgraph g_${ids[step]}["${mermaid_label(cut(shown.name, longest_name))}"]`;
    return [head, ...level_lines(sheet, step, `${indent}  `), `${indent}end`];
  });
}

function node_line(sheet: Sheet, step: DiagramStep, place: number): string {
  const overlay = sheet.overlay?.steps[place];
  const rows = [cut(step.name, longest_name), cut(step.type, longest_name)];
  if (overlay !== undefined) {
    const counts = [...overlay.counts].map(([status, count]: [StepStatus, number]) => `${count} ${status}`);
    const attempts = overlay.attempts > 1 ? ` ×${overlay.attempts}` : '';
    rows.push(`${counts.length > 0 ? counts.join(', ') : status_looks[overlay.status].label}${attempts}`);
  }
  const [open, close] = brackets(step);
  const label = rows.map(mermaid_label).join('<br/>');
  const style = overlay === undefined ? '' : `:::st_${overlay.status}`;
  return `s_${sheet.ids[place]}${open}"${label}"${close}${style}`;
}

/** Decisions are hexagons, loops double-sided, people slanted, the rest plain boxes. */
function brackets({ type_id, has_body }: DiagramStep): readonly [string, string] {
  if (has_body) return ['[[', ']]'];
  if (type_id === 'condition' || type_id === 'switch' || type_id === 'adaptive') return ['{{', '}}'];
  if (type_id === 'human_task') return ['[/', '/]'];
  return ['[', ']'];
}

function edge_lines(sheet: Sheet): string[] {
  const { diagram, ids } = sheet;
  const written = diagram.edges.map((edge) => {
    return `  s_${ids[edge.from]} ${arrow(sheet, edge)}${edge_label(edge)} s_${ids[edge.to]}`;
  });
  if (diagram.entrypoint === undefined) return written;
  return [...written, `  start((start)) --> s_${ids[diagram.entrypoint]}`];
}

function arrow({ overlay }: Sheet, edge: DiagramEdge): string {
  if (edge.is_back || edge.is_error) return '-.->';
  return overlay !== undefined && edge_progress(overlay, edge) === 'taken' ? '==>' : '-->';
}

function edge_label({ ports, condition }: DiagramEdge): string {
  const rows = [cut(ports, longest_condition), cut(condition, longest_condition)].filter((row) => row !== '');
  return rows.length === 0 ? '' : `|"${rows.map(mermaid_label).join('<br/>')}"|`;
}

function style_lines({ diagram, ids, overlay }: Sheet): string[] {
  const errors = diagram.edges.flatMap(({ is_error }, place) => (is_error ? [place] : []));
  const frames = diagram.steps.flatMap(({ has_body }, place) => (has_body ? [`g_${ids[place]}`] : []));
  const statuses = overlay === undefined ? [] : statuses_shown(overlay);
  return [
    ...statuses.map((status) => {
      const { line, fill, is_dashed } = status_looks[status];
      const dashes = is_dashed === true ? ',stroke-dasharray:5 4' : '';
      return `  classDef st_${status} fill:${fill},stroke:${line},color:${ink.text}${dashes}`;
    }),
    ...frames.map((frame) => `  style ${frame} fill:${ink.loop_paper},stroke:${ink.loop_rim},color:${ink.loop_text}`),
    ...(errors.length === 0 ? [] : [`  linkStyle ${errors.join(',')} stroke:${ink.error_edge}`]),
  ];
}

function cut(content: string, longest: number): string {
  const characters = [...one_line(content)];
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}
