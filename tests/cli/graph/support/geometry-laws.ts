import { contains, type DrawnEdge, overlaps, type Picture, passes } from './picture.js';

/** Layout violations: overlaps, and lines through unrelated elements. Empty for a correct picture. */
export function layoutFaults(picture: Picture): string[] {
  return [...overlapFaults(picture), ...lineFaults(picture), ...frameFaults(picture)];
}

function overlapFaults({ boxes, labels }: Picture): string[] {
  const things = [
    ...[...boxes].map(([id, rect]) => ({ name: `box ${id}`, rect })),
    ...labels.map(({ title, rect }) => ({ name: `label ${title}`, rect })),
  ];
  return things.flatMap((one, place) =>
    things
      .slice(place + 1)
      .filter((other) => overlaps(one.rect, other.rect))
      .map((other) => `${one.name} overlaps ${other.name}`),
  );
}

function lineFaults({ boxes, labels, edges }: Picture): string[] {
  return edges.flatMap((edge) => [
    ...[...boxes]
      .filter(([id, rect]) => id !== edge.from && id !== edge.to && passes(edge.trace, rect))
      .map(([id]) => `${nameOf(edge)} runs through box ${id}`),
    ...labels
      .filter(({ title, rect }) => !title.startsWith(nameOf(edge)) && passes(edge.trace, rect))
      .map(({ title }) => `${nameOf(edge)} runs through label ${title}`),
  ]);
}

function frameFaults({ boxes, frames }: Picture): string[] {
  const faults: string[] = [];
  for (const [loop, frame] of frames) {
    for (const [id, box] of boxes) {
      if (overlaps(frame, box) && !contains(frame, box)) faults.push(`box ${id} is half in frame ${loop}`);
    }
    for (const [other, inner] of frames) {
      if (other === loop || !overlaps(frame, inner) || contains(frame, inner) || contains(inner, frame)) continue;
      faults.push(`frame ${other} is half in frame ${loop}`);
    }
  }
  return faults;
}

function nameOf({ from, to }: DrawnEdge): string {
  return `${from} → ${to}`;
}
