/** What tests of backends share with the conformance suites. */
export { Collected, firstOf, type Kit, listOf, type Opened, rejectsWith, type Test } from '@llmteam/testing';
