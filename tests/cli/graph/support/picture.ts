import { descendants, readXml, withClass, type XmlElement } from './xml-reader.js';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  readonly classes: readonly string[];
  /** Points along the line, a few pixels apart. */
  readonly trace: readonly Point[];
}

/** The content of a picture, read back from the SVG alone, in graph coordinates. */
export interface Picture {
  readonly root: XmlElement;
  readonly boxes: ReadonlyMap<string, Rect>;
  readonly classes: ReadonlyMap<string, readonly string[]>;
  readonly edges: readonly DrawnEdge[];
  readonly labels: readonly { readonly rect: Rect; readonly title: string }[];
  readonly frames: ReadonlyMap<string, Rect>;
}

export function readPicture(svg: string): Picture {
  const root = readXml(svg);
  const steps = withClass(root, 'step');
  const idOf = (step: XmlElement): string => attribute(step, 'data-step');
  const boxes = steps.map((step) => [idOf(step), rectOf(withClass(step, 'box'))] as const);
  if (new Set(steps.map(idOf)).size !== steps.length) throw new Error('a step is drawn twice');
  return {
    root,
    boxes: new Map(boxes),
    classes: new Map(steps.map((step) => [idOf(step), classesOf(step)])),
    edges: withClass(root, 'edge').map(readEdge),
    labels: withClass(root, 'edge-label').map((label) => ({
      rect: rectOf(withClass(label, 'label')),
      title: titleOf(label),
    })),
    frames: new Map(
      withClass(root, 'loop').map((loop) => [attribute(loop, 'data-loop'), rectOf(withClass(loop, 'region'))]),
    ),
  };
}

/** All visible text, without tooltips (`title`). */
export function shownTexts(root: XmlElement): string[] {
  return descendants(root).flatMap((element) => (element.name === 'text' ? [element.text] : []));
}

export function titleOf(element: XmlElement): string {
  return element.children.find((child) => child.name === 'title')?.text ?? '';
}

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Whether `inner` lies completely inside `outer`. */
export function contains(outer: Rect, inner: Rect): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

/** Whether a line crosses a rectangle, not just touches its border. */
export function passes(trace: readonly Point[], { x, y, width, height }: Rect): boolean {
  const rim = 1;
  return trace.some((at) => at.x > x + rim && at.x < x + width - rim && at.y > y + rim && at.y < y + height - rim);
}

function readEdge(edge: XmlElement): DrawnEdge {
  const lines = withClass(edge, 'line');
  if (lines.length !== 1 || lines[0] === undefined) throw new Error(`an edge has ${lines.length} lines`);
  return {
    from: attribute(edge, 'data-from'),
    to: attribute(edge, 'data-to'),
    classes: classesOf(edge),
    trace: traceOf(attribute(lines[0], 'd')),
  };
}

function classesOf(element: XmlElement): string[] {
  return (element.attributes.get('class') ?? '').split(' ');
}

function attribute(element: XmlElement, key: string): string {
  const value = element.attributes.get(key);
  if (value === undefined) throw new Error(`<${element.name}> has no ${key}`);
  return value;
}

function rectOf(found: readonly XmlElement[]): Rect {
  const [rect] = found;
  if (rect === undefined || found.length > 1) throw new Error(`${found.length} rectangles instead of one`);
  const number = (key: string): number => {
    const value = Number(attribute(rect, key));
    if (!Number.isFinite(value)) throw new Error(`${key} is no number`);
    return value;
  };
  return { x: number('x'), y: number('y'), width: number('width'), height: number('height') };
}

function traceOf(d: string): Point[] {
  const trace: Point[] = [];
  for (const [, kind, written = ''] of d.matchAll(/([MLQC])([^MLQC]*)/g)) {
    const numbers = written.trim().split(/\s+/).map(Number);
    if (numbers.some((value) => !Number.isFinite(value))) throw new Error(`not a path: ${d}`);
    const points = Array.from({ length: numbers.length / 2 }, (_, i) => ({
      x: numbers[2 * i] ?? 0,
      y: numbers[2 * i + 1] ?? 0,
    }));
    const start = trace.at(-1);
    if (kind === 'M' || start === undefined) trace.push(...points.slice(0, 1));
    else trace.push(...samples([start, ...points]));
  }
  return trace;
}

/** Points on a Bézier curve of any degree, by repeated interpolation. */
function samples(control: readonly Point[]): Point[] {
  const first = control[0] ?? { x: 0, y: 0 };
  const last = control.at(-1) ?? first;
  const count = Math.max(8, Math.ceil(Math.hypot(last.x - first.x, last.y - first.y) / 4));
  return Array.from({ length: count }, (_, i) => onCurve(control, (i + 1) / count));
}

function onCurve(control: readonly Point[], t: number): Point {
  let points = control;
  while (points.length > 1) {
    points = points.slice(1).map((to, i) => {
      const from = points[i] ?? to;
      return { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
    });
  }
  return points[0] ?? { x: 0, y: 0 };
}
