/** Says that a law is not put to the test on this machine, and why; the runner shows the line, though nothing failed. */
export function notTestedHere(what: string, why: string): void {
  process.stderr.write(`not tested here: ${what} (${why.replaceAll('\n', ' ')})\n`);
}
