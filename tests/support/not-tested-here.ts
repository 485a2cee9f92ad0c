/** Reports that this machine cannot run a test, and why; the runner shows the line even though nothing failed. */
export function notTestedHere(what: string, why: string): void {
  process.stderr.write(`not tested here: ${what} (${why.replaceAll('\n', ' ')})\n`);
}
