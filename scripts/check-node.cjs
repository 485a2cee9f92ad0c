/** Says in plain words that this Node.js is too old; without it the first error would be one of some dependency. */
const [major, minor] = process.versions.node.split('.').map(Number);
const leastMinor = { 20: 19, 22: 13 }[major];

if (major < 24 && !(minor >= leastMinor)) {
  console.error(
    `LLMTeam needs Node.js 20.19 or later of 20, 22.13 or later of 22, or 24 and up; this is ${process.version}.`,
  );
  process.exit(1);
}
