/** Font properties that affect the width of text; the size is in pixels. */
export interface TypeFace {
  readonly size: number;
  readonly style?: 'plain' | 'bold' | 'mono';
}

/** Longer text is not measured to its end. */
const longestShown = 400;

/** Widths in em of a wide system font, so that text does not overflow its box in narrower ones. */
const narrow = new Set("ijlI|!.,:;'`");
const slim = new Set('frt()[]{}"\\/- *');
const wide = new Set('mwMW@%—…→');
const plainAscii = /^[ -~]*$/;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Estimated width in pixels. */
export function textWidth(text: string, face: TypeFace): number {
  let ems = 0;
  for (const sign of graphemesOf(text)) ems += emWidth(sign, face.style ?? 'plain');
  return ems * face.size;
}

/** The text on one line, cut with an ellipsis to at most `width` pixels. Whole graphemes only. */
export function fitText(text: string, width: number, face: TypeFace): string {
  const line = oneLine(text);
  const style = face.style ?? 'plain';
  const room = width / face.size;
  const roomBeforeEllipsis = room - emWidth('…', style);
  let ems = 0;
  let kept = '';
  for (const sign of graphemesOf(line)) {
    ems += emWidth(sign, style);
    if (ems > room) return `${kept.trimEnd()}…`;
    if (ems <= roomBeforeEllipsis) kept += sign;
  }
  return line;
}

/** Splits text into grapheme clusters. */
function graphemesOf(text: string): string[] {
  return plainAscii.test(text) ? [...text] : Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** Collapses white space to single spaces and truncates excessively long text. */
export function oneLine(text: string): string {
  const line = text
    .slice(0, longestShown * 4)
    .replace(/\s+/gu, ' ')
    .trim();
  return line.length > longestShown ? `${line.slice(0, longestShown)}…` : line;
}

function emWidth(grapheme: string, style: NonNullable<TypeFace['style']>): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (isFullWidth(code)) return 1.2 * fullWidthCount(grapheme);
  if (style === 'mono') return 0.61;
  return plainWidth(grapheme, code) * (style === 'bold' ? 1.1 : 1);
}

function plainWidth(grapheme: string, code: number): number {
  if (narrow.has(grapheme)) return 0.32;
  if (slim.has(grapheme)) return 0.42;
  if (wide.has(grapheme)) return 0.95;
  if (code >= 0x41 && code <= 0x5a) return 0.72;
  return 0.62;
}

/** A joined pictograph is as wide as its parts if the font lacks it. */
function fullWidthCount(grapheme: string): number {
  return [...grapheme].filter((sign) => isFullWidth(sign.codePointAt(0) ?? 0)).length;
}

/** East Asian scripts and pictographs are full-width. */
function isFullWidth(code: number): boolean {
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xffdc) || code >= 0x1_f000;
}
