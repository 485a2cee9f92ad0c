/**
 * Purpose: a run's progress on a terminal, drawn again and again in place; its last state stays on the screen.
 * Owns: when to draw, and notes of others above it. Does not own: what is drawn (frame.ts).
 */
import { createLogUpdate } from 'log-update';
import { make_colours } from '../colours.js';
import type { Settings } from '../settings.js';
import { draw_frame } from './frame.js';
import { glyphs_for } from './glyphs.js';
import type { RunProgress } from './progress.js';
import { size_of, sized } from './terminal-size.js';

const redraw_ms = 80;

export class LiveDisplay {
  private readonly update: ReturnType<typeof createLogUpdate>;
  private readonly end_diversion: () => void;
  private readonly timer: NodeJS.Timeout;
  private tick = 0;
  private is_closed = false;

  constructor(
    private readonly progress: RunProgress,
    private readonly settings: Settings,
  ) {
    const { streams } = settings;
    this.update = createLogUpdate(sized(streams.stderr));
    this.end_diversion = streams.divert((text) => this.write_above(text));
    this.timer = setInterval(() => this.draw(), redraw_ms);
    this.timer.unref();
    this.draw();
  }

  /** Draws the last state and leaves it there. */
  close(): void {
    if (this.is_closed) return;
    this.is_closed = true;
    clearInterval(this.timer);
    this.draw();
    this.update.done();
    this.end_diversion();
  }

  private draw(): void {
    const { settings, progress } = this;
    const { stderr } = settings.streams;
    const screen = {
      ...size_of(stderr),
      now: Date.now(),
      tick: this.tick++,
      colours: make_colours(settings.colours.stderr),
      glyphs: glyphs_for(settings.environment.has_unicode),
      settings,
    };
    this.update(draw_frame(progress, screen));
  }

  private write_above(text: string): void {
    this.update.clear();
    this.settings.streams.stderr.write(text);
    this.draw();
  }
}
