/** The entries of the conformance suites, by short names. */
export {
  otherSampleRun as otherRun,
  sampleEntries as entriesOf,
  sampleMessage as message,
  sampleMessages as messages,
  sampleRun as run,
} from '@llmteam/testing';
