/**
 * Purpose: shows a run's progress on a terminal, redrawn in place; the last frame stays on the screen.
 * Owns: when to redraw, and printing notes above the display. Does not own: what is drawn (frame.ts).
 */
import { createLogUpdate } from 'log-update';
import { makeColours } from '../colours.js';
import type { Settings } from '../settings.js';
import { drawFrame } from './frame.js';
import { glyphsFor } from './glyphs.js';
import type { RunProgress } from './progress.js';
import { sized, sizeOf } from './terminal-size.js';

const redrawMs = 80;

export class LiveDisplay {
  private readonly update: ReturnType<typeof createLogUpdate>;
  private readonly endDiversion: () => void;
  private readonly timer: NodeJS.Timeout;
  private tick = 0;
  private isClosed = false;
  private isPaused = false;

  constructor(
    private readonly progress: RunProgress,
    private readonly settings: Settings,
  ) {
    const { streams } = settings;
    this.update = createLogUpdate(sized(streams.stderr));
    this.endDiversion = streams.divert((text) => this.writeAbove(text));
    this.timer = setInterval(() => this.draw(), redrawMs);
    this.timer.unref();
    this.draw();
  }

  /** Removes the picture, so that a question has the terminal to itself. */
  pause(): void {
    this.isPaused = true;
    this.update.clear();
  }

  resume(): void {
    this.isPaused = false;
    if (!this.isClosed) this.draw();
  }

  /** Draws the final frame and leaves it on the screen. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.timer);
    this.isPaused = false;
    this.draw();
    this.update.done();
    this.endDiversion();
  }

  private draw(): void {
    if (this.isPaused) return;
    const { settings, progress } = this;
    const { stderr } = settings.streams;
    const screen = {
      ...sizeOf(stderr),
      now: Date.now(),
      tick: this.tick++,
      colours: makeColours(settings.colours.stderr),
      glyphs: glyphsFor(settings.environment.hasUnicode),
      settings,
    };
    this.update(drawFrame(progress, screen));
  }

  private writeAbove(text: string): void {
    if (!this.isPaused) this.update.clear();
    this.settings.streams.stderr.write(text);
    this.draw();
  }
}
