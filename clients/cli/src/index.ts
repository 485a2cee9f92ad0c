export type { DrawOptions } from './graph/draw-options.js';
export { drawMermaid } from './graph/mermaid.js';
export { drawSvg } from './graph/svg.js';
