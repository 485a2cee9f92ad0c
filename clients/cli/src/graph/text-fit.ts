/** Where text is drawn: its size in pixels, and the weight or family that makes it wider. */
export interface TypeFace {
  readonly size: number;
  readonly style?: 'plain' | 'bold' | 'mono';
}

/** What a page of characters looks at most: longer text is not measured to its end. */
const longest_shown = 400;

/** Widths in em of a wide system font, so that text never runs over its box in a narrower one. */
const narrow = new Set("ijlI|!.,:;'`");
const slim = new Set('frt()[]{}"\\/- *');
const wide = new Set('mwMW@%—…→');
const plain_ascii = /^[ -~]*$/;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Estimated width in pixels. */
export function text_width(text: string, face: TypeFace): number {
  let ems = 0;
  for (const sign of signs_of(text)) ems += em_width(sign, face.style ?? 'plain');
  return ems * face.size;
}

/** The text on one line, cut with an ellipsis to at most `width` pixels. Whole graphemes only. */
export function fit_text(text: string, width: number, face: TypeFace): string {
  const line = one_line(text);
  const style = face.style ?? 'plain';
  const room = width / face.size;
  const room_before_ellipsis = room - em_width('…', style);
  let ems = 0;
  let kept = '';
  for (const sign of signs_of(line)) {
    ems += em_width(sign, style);
    if (ems > room) return `${kept.trimEnd()}…`;
    if (ems <= room_before_ellipsis) kept += sign;
  }
  return line;
}

/** What a reader sees as one character each. */
function signs_of(text: string): string[] {
  return plain_ascii.test(text) ? [...text] : Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** White space and line breaks become single spaces; what is far too long to show is cut. */
export function one_line(text: string): string {
  const line = text
    .slice(0, longest_shown * 4)
    .replace(/\s+/gu, ' ')
    .trim();
  return line.length > longest_shown ? `${line.slice(0, longest_shown)}…` : line;
}

function em_width(grapheme: string, style: NonNullable<TypeFace['style']>): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (is_full_width(code)) return 1.2 * full_width_signs(grapheme);
  if (style === 'mono') return 0.61;
  return plain_width(grapheme, code) * (style === 'bold' ? 1.1 : 1);
}

function plain_width(grapheme: string, code: number): number {
  if (narrow.has(grapheme)) return 0.32;
  if (slim.has(grapheme)) return 0.42;
  if (wide.has(grapheme)) return 0.95;
  if (code >= 0x41 && code <= 0x5a) return 0.72;
  return 0.62;
}

/** A joined pictograph takes the room of its parts where the font does not know it. */
function full_width_signs(grapheme: string): number {
  return [...grapheme].filter((sign) => is_full_width(sign.codePointAt(0) ?? 0)).length;
}

/** East Asian scripts and pictographs fill a square. */
function is_full_width(code: number): boolean {
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xffdc) || code >= 0x1_f000;
}
