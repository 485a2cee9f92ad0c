const shortest = 8;

/** On a terminal, ids are cut as far as they stay different from each other; every command accepts them like this. */
export function shortIds(ids: readonly string[], isCut: boolean): (id: string) => string {
  if (!isCut) return (id) => id;
  const longest = ids.reduce((most, id) => Math.max(most, id.length), shortest);
  const distinct = new Set(ids).size;
  let length = shortest;
  while (length < longest && new Set(ids.map((id) => cut(id, length))).size < distinct) length++;
  return (id) => cut(id, length);
}

/** The number of a child run (`<run_id>.<number>`) is kept. */
function cut(id: string, length: number): string {
  const dot = id.indexOf('.');
  return dot < 0 ? id.slice(0, length) : id.slice(0, Math.min(length, dot)) + id.slice(dot);
}
