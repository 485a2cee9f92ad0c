import picocolors from 'picocolors';

export type Colours = ReturnType<typeof picocolors.createColors>;
export type Colour = (text: string) => string;

export function makeColours(enabled: boolean): Colours {
  return picocolors.createColors(enabled);
}

export function severityColour(severity: string, colours: Colours): Colour {
  if (severity === 'error') return colours.red;
  return severity === 'warning' ? colours.yellow : colours.cyan;
}

/** The colour of a run's or a step's status. */
export function statusColour(status: string, colours: Colours): Colour {
  switch (status) {
    case 'completed':
      return colours.green;
    case 'failed':
    case 'timeout':
      return colours.red;
    case 'running':
    case 'queued':
      return colours.cyan;
    case 'paused':
    case 'waiting':
    case 'retrying':
    case 'cancelled':
    case 'open':
    case 'claimed':
      return colours.yellow;
    default:
      return colours.dim;
  }
}
