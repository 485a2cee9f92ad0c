export { makeColours } from './colours.js';
export { drawFrame } from './display/frame.js';
export { glyphsFor } from './display/glyphs.js';
export { RunProgress } from './display/progress.js';
export type { DrawOptions } from './graph/draw-options.js';
export { drawMermaid } from './graph/mermaid.js';
export { drawSvg } from './graph/svg.js';
export { table } from './table.js';
export { shortened, shortenedAtStart } from './text-width.js';
