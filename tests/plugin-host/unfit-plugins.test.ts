/** What a host says of plugins that cannot be used: by code, package and place, wherever their code runs. */
import type { LlmteamError } from '@llmteam/contracts';
import type { Isolation } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { faultOf, told, withUnfitHost } from './support/unfit-host.js';
import { unfit } from './support/unfit-plugins.js';

const everywhere: readonly Isolation[] = ['inline', 'thread', 'process'];
const patience = { timeoutMs: 90_000 };

function causesOf({ cause }: LlmteamError): readonly Error[] {
  return cause instanceof AggregateError ? cause.errors : [cause as Error];
}

spec('plugins that cannot be used', (test) => {
  for (const isolation of everywhere) {
    test(
      `${isolation}: each is refused with a code, its package and the place; none hides another`,
      () =>
        withUnfitHost(isolation, unfit, async ({ load, catalog }) => {
          const faults = causesOf(await faultOf(load())).map(told);
          const missed = unfit.filter(
            ({ name, says }) => !faults.some((fault) => fault.includes(`'${name}'`) && says.test(fault)),
          );
          const what = missed.map(({ name, says }) => `${name}: ${says}`);
          assert.equal(what, [], faults.join('\n'));
          assert.not.ok(Object.hasOwn(globalThis, 'ran'));
          assert.ok(catalog.typeIds().includes('built_in'));
        }),
      patience,
    );
  }
});
