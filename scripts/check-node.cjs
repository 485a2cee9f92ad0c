/** Without this check the first error on an old Node.js would come from some dependency. */
const [major, minor] = process.versions.node.split('.').map(Number);
const leastMinor = { 20: 19, 22: 13 }[major];

if (major < 24 && !(minor >= leastMinor)) {
  console.error(`LLMTeam needs Node.js 20.19+ (20.x), 22.13+ (22.x) or 24+; this is ${process.version}.`);
  process.exit(1);
}
