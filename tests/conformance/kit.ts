/** What tests of backends share with the conformance suites. */
export { Collected, firstOf, listOf, type Opened, rejectsWith } from '@llmteam/testing';
