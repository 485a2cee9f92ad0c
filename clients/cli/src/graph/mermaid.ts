import type { Segment, StepStatus } from '@llmteam/contracts';
import { type Diagram, type DiagramEdge, type DiagramStep, readDiagram } from './diagram.js';
import type { DrawOptions } from './draw-options.js';
import { noLoop } from './loop-regions.js';
import { mermaidLabel, yamlString } from './mermaid-text.js';
import { type Level, nest } from './nesting.js';
import { ink } from './palette.js';
import { durationText, edgeProgress, overlayRun, type RunOverlay, statusesShown } from './run-overlay.js';
import { statusLooks } from './status-look.js';
import { oneLine } from './text-fit.js';

/** Everything needed to write one diagram. */
interface Sheet {
  readonly diagram: Diagram;
  readonly levels: ReadonlyMap<number, Level>;
  readonly ids: readonly string[];
  readonly overlay: RunOverlay | undefined;
}

const longestName = 48;
const longestCondition = 40;
const longestRow = 6;
const plainId = /^[a-z][a-z0-9_]*$/;

/**
 * Draws a segment, or a run of it, as a Mermaid flowchart. All text is escaped, ids are prefixed so that none is a keyword, and
 * the output is deterministic. Mermaid itself rejects more than 500 edges or 50,000 characters by default. Throws
 * `LIMIT_EXCEEDED` for more than 2,000 steps or 4,000 edges, and `SEGMENT_INVALID` if two steps share an id or an edge
 * references an unknown step.
 */
export function drawMermaid(segment: Segment, options: DrawOptions = {}): string {
  const diagram = readDiagram(segment);
  const sheet: Sheet = {
    diagram,
    levels: nest(diagram),
    ids: diagram.steps.map((step, place) => (plainId.test(step.step_id) ? step.step_id : String(place))),
    overlay: options.view === undefined ? undefined : overlayRun(diagram, options.view),
  };
  const hasLoops = diagram.steps.some((step) => step.hasBody);
  const direction = hasLoops || diagram.steps.length > longestRow ? 'TB' : 'LR';
  const written = [
    '---',
    `title: ${yamlString(titleText(sheet, options.title))}`,
    '---',
    `flowchart ${direction}`,
    ...levelLines(sheet, noLoop, '  '),
    ...edgeLines(sheet),
    ...styleLines(sheet),
  ];
  return `${written.join('\n')}\n`;
}

function titleText({ diagram, overlay }: Sheet, title: string | undefined): string {
  const shown = oneLine(title ?? diagram.segment.name);
  if (overlay === undefined) return shown;
  const { status, duration_ms } = overlay.view;
  return `${shown} - ${status}${duration_ms === null ? '' : `, ${durationText(duration_ms)}`}`;
}

/** The boxes of one level, with nested frames as subgraphs. */
function levelLines(sheet: Sheet, loop: number, indent: string): string[] {
  const { diagram, levels, ids } = sheet;
  return (levels.get(loop)?.places ?? []).flatMap(({ step, isFrame }) => {
    const shown = diagram.steps[step];
    if (shown === undefined) return [];
    if (!isFrame) return [`${indent}${nodeLine(sheet, shown, step)}`];
    const head = `${indent}subgraph g_${ids[step]}["${mermaidLabel(cut(shown.name, longestName))}"]`;
    return [head, ...levelLines(sheet, step, `${indent}  `), `${indent}end`];
  });
}

function nodeLine(sheet: Sheet, step: DiagramStep, place: number): string {
  const overlay = sheet.overlay?.steps[place];
  const rows = [cut(step.name, longestName), cut(step.type, longestName)];
  if (overlay !== undefined) {
    const counts = [...overlay.counts].map(([status, count]: [StepStatus, number]) => `${count} ${status}`);
    const attempts = overlay.attempts > 1 ? ` ×${overlay.attempts}` : '';
    rows.push(`${counts.length > 0 ? counts.join(', ') : statusLooks[overlay.status].label}${attempts}`);
  }
  const [open, close] = brackets(step);
  const label = rows.map(mermaidLabel).join('<br/>');
  const style = overlay === undefined ? '' : `:::st_${overlay.status}`;
  return `s_${sheet.ids[place]}${open}"${label}"${close}${style}`;
}

/** Decisions are hexagons, loops subroutine boxes, human tasks parallelograms, everything else plain boxes. */
function brackets({ type_id, hasBody }: DiagramStep): readonly [string, string] {
  if (hasBody) return ['[[', ']]'];
  if (type_id === 'condition' || type_id === 'switch' || type_id === 'adaptive') return ['{{', '}}'];
  if (type_id === 'human_task') return ['[/', '/]'];
  return ['[', ']'];
}

function edgeLines(sheet: Sheet): string[] {
  const { diagram, ids } = sheet;
  const written = diagram.edges.map((edge) => {
    return `  s_${ids[edge.from]} ${arrow(sheet, edge)}${edgeLabel(edge)} s_${ids[edge.to]}`;
  });
  if (diagram.entrypoint === undefined) return written;
  return [...written, `  start((start)) --> s_${ids[diagram.entrypoint]}`];
}

function arrow({ overlay }: Sheet, edge: DiagramEdge): string {
  if (edge.isBack || edge.isError) return '-.->';
  return overlay !== undefined && edgeProgress(overlay, edge) === 'taken' ? '==>' : '-->';
}

function edgeLabel({ ports, condition }: DiagramEdge): string {
  const rows = [cut(ports, longestCondition), cut(condition, longestCondition)].filter((row) => row !== '');
  return rows.length === 0 ? '' : `|"${rows.map(mermaidLabel).join('<br/>')}"|`;
}

function styleLines({ diagram, ids, overlay }: Sheet): string[] {
  const errors = diagram.edges.flatMap(({ isError }, place) => (isError ? [place] : []));
  const frames = diagram.steps.flatMap(({ hasBody }, place) => (hasBody ? [`g_${ids[place]}`] : []));
  const statuses = overlay === undefined ? [] : statusesShown(overlay);
  return [
    ...statuses.map((status) => {
      const { line, fill, isDashed } = statusLooks[status];
      const dashes = isDashed === true ? ',stroke-dasharray:5 4' : '';
      return `  classDef st_${status} fill:${fill},stroke:${line},color:${ink.text}${dashes}`;
    }),
    ...frames.map((frame) => `  style ${frame} fill:${ink.loopPaper},stroke:${ink.loopRim},color:${ink.loopText}`),
    ...(errors.length === 0 ? [] : [`  linkStyle ${errors.join(',')} stroke:${ink.errorEdge}`]),
  ];
}

function cut(content: string, longest: number): string {
  const characters = [...oneLine(content)];
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}
